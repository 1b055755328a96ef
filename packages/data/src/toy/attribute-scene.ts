import type { RandomStream } from '@unseen/core';
import { TOY_BACKGROUND, TOY_CLASSES, TOY_COLOURS, type ToyObjectKind, toyObjectKind } from './attributes.ts';

/** Height and width of a toy image, in pixels. */
export const TOY_SIZE = 64;

/** A picture of the toy world with the class of each pixel. */
export interface ToyScene {
  /** [64 · 64 · 3], 8 bits. */
  readonly image: Uint8Array;
  /** [64 · 64] raw class ids, {@link TOY_BACKGROUND} elsewhere. */
  readonly mask: Uint8Array;
}

// Every class comes in every shape: the outline says nothing about the class.
const SHAPES = ['circle', 'square', 'triangle'] as const;

interface Lamp {
  /** Factors of the three channels: brightness and tint. */
  readonly colour: readonly [number, number, number];
  /** Unit vector towards the lamp, in the picture plane. */
  readonly direction: readonly [number, number];
  /** Relative change of brightness from one side of the picture to the other. */
  readonly gradient: number;
  /** Relative change of brightness from one side of an object to the other. */
  readonly shading: number;
}

interface PlacedObject {
  readonly id: number;
  readonly kind: ToyObjectKind;
  readonly shape: (typeof SHAPES)[number];
  readonly centre: readonly [number, number];
  readonly radius: number;
  /** Rotation of the outline, and of the texture inside it, in radians. */
  readonly rotation: number;
  readonly grain: number;
  /** Distance between stripes or dots, in pixels. */
  readonly period: number;
  readonly phase: readonly [number, number];
  readonly colour: readonly [number, number, number];
}

/**
 * Draws one scene: two to five objects that may hide parts of each other, of any shape, before a mottled background, under a lamp
 * of random colour, brightness and direction. What a pixel looks like therefore depends on its surroundings: the tint
 * and brightness of the whole scene, the side of the object that it lies on, and where in the texture it falls.
 */
export function drawToyScene(random: RandomStream): ToyScene {
  const lamp = drawLamp(random);
  const background = drawBackground(random);
  const objects = Array.from({ length: 2 + random.integer(4) }, () => placeObject(random));
  const noise = random.fillNormal(new Float32Array(TOY_SIZE * TOY_SIZE * 3));
  const image = new Uint8Array(TOY_SIZE * TOY_SIZE * 3);
  const mask = new Uint8Array(TOY_SIZE * TOY_SIZE);
  for (let y = 0; y < TOY_SIZE; y++) {
    for (let x = 0; x < TOY_SIZE; x++) {
      const p = y * TOY_SIZE + x;
      const object = objects.findLast((o) => covers(o, x, y));
      mask[p] = object?.id ?? TOY_BACKGROUND;
      const surface = object ? paint(object, x, y) : ([background[p], background[p], background[p]] as const);
      const light = brightness(lamp, object, x, y);
      for (let c = 0; c < 3; c++) {
        const value = surface[c] * lamp.colour[c] * light + NOISE * noise[3 * p + c];
        image[3 * p + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
  return { image, mask };
}

/** Standard deviation of the sensor's noise. */
const NOISE = 0.04;
/** Pixels from stripe to stripe, band to band and dot to dot. */
const PERIODS = { plain: 8, striped: 6, banded: 6, dotted: 8 };
/** How much darker the stripes and dots are than the rest. */
const INK = 0.35;

function drawLamp(random: RandomStream): Lamp {
  const gain = random.between(0.7, 1.15);
  const angle = random.between(0, 2 * Math.PI);
  return {
    colour: [gain * tint(random), gain * tint(random), gain * tint(random)],
    direction: [Math.cos(angle), Math.sin(angle)],
    gradient: random.between(0, 0.35),
    shading: random.between(0.1, 0.4),
  };
}

function tint(random: RandomStream): number {
  return Math.exp(0.12 * random.normal());
}

/** Grey levels: two octaves of value noise. */
function drawBackground(random: RandomStream): Float32Array {
  const octaves = [
    { cells: 4, low: 0.25, high: 0.7 },
    { cells: 16, low: -0.12, high: 0.12 },
  ].map(({ cells, low, high }) => ({
    cells,
    knots: Float32Array.from({ length: (cells + 1) ** 2 }, () => random.between(low, high)),
  }));
  const out = new Float32Array(TOY_SIZE * TOY_SIZE);
  for (const { cells, knots } of octaves) {
    for (let y = 0; y < TOY_SIZE; y++) {
      for (let x = 0; x < TOY_SIZE; x++) {
        const [u, v] = [(x * cells) / TOY_SIZE, (y * cells) / TOY_SIZE];
        const [i, j] = [Math.floor(u), Math.floor(v)];
        const [s, t] = [u - i, v - j];
        const knot = j * (cells + 1) + i;
        out[y * TOY_SIZE + x] +=
          (1 - t) * ((1 - s) * knots[knot] + s * knots[knot + 1]) +
          t * ((1 - s) * knots[knot + cells + 1] + s * knots[knot + cells + 2]);
      }
    }
  }
  return out;
}

function placeObject(random: RandomStream): PlacedObject {
  const { id, name } = TOY_CLASSES[random.integer(TOY_CLASSES.length)];
  const kind = toyObjectKind(name);
  const period = PERIODS[kind.texture] * random.between(0.85, 1.15);
  const hue = TOY_COLOURS[kind.colour];
  return {
    id,
    kind,
    shape: SHAPES[random.integer(SHAPES.length)],
    centre: [random.between(8, TOY_SIZE - 8), random.between(8, TOY_SIZE - 8)],
    radius: random.between(10, 17),
    rotation: random.between(-0.3, 0.3),
    grain: random.between(-0.2, 0.2),
    period,
    phase: [random.between(0, period), random.between(0, period)],
    colour: [hue[0] + 0.04 * random.normal(), hue[1] + 0.04 * random.normal(), hue[2] + 0.04 * random.normal()],
  };
}

function rotate(x: number, y: number, angle: number): [number, number] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c * x + s * y, c * y - s * x];
}

/** Outlines of about equal area; none reaches further than 1.6 radii. */
function covers({ shape, centre, radius, rotation }: PlacedObject, x: number, y: number): boolean {
  const [dx, dy] = [(x - centre[0]) / radius, (y - centre[1]) / radius];
  if (Math.abs(dx) > 1.6 || Math.abs(dy) > 1.6) return false;
  const [u, v] = rotate(dx, dy, rotation);
  switch (shape) {
    case 'circle':
      return u * u + v * v < 1;
    case 'square':
      return Math.max(Math.abs(u), Math.abs(v)) < 0.886;
    case 'triangle':
      return v < 0.78 && v > 1.732 * Math.abs(u) - 1.555;
  }
}

function paint({ kind, centre, grain, period, phase, colour }: PlacedObject, x: number, y: number) {
  const [u, v] = rotate(x - centre[0], y - centre[1], grain);
  return hasInk(kind.texture, modulo(u + phase[0], period) / period, modulo(v + phase[1], period) / period)
    ? ([INK * colour[0], INK * colour[1], INK * colour[2]] as const)
    : colour;
}

/** Whether there is ink at a place of the texture's unit cell. */
function hasInk(texture: ToyObjectKind['texture'], u: number, v: number): boolean {
  switch (texture) {
    case 'plain':
      return false;
    case 'striped':
      return u < 0.5;
    case 'banded':
      return v < 0.5;
    case 'dotted':
      return (u - 0.5) ** 2 + (v - 0.5) ** 2 < 0.36 ** 2;
  }
}

function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}

function brightness(lamp: Lamp, object: PlacedObject | undefined, x: number, y: number): number {
  const half = TOY_SIZE / 2;
  const along = ((x - half) * lamp.direction[0] + (y - half) * lamp.direction[1]) / half;
  if (!object) return 1 + lamp.gradient * along;
  const side =
    ((x - object.centre[0]) * lamp.direction[0] + (y - object.centre[1]) * lamp.direction[1]) / object.radius;
  return (1 + lamp.gradient * along) * (1 + lamp.shading * side);
}
