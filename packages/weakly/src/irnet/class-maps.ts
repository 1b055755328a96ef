import type { ScoreMaps } from '@unseen/core';
import { crop, type Raster, resizeBilinear, type ScoreGrid } from '@unseen/vision';

/** Scales of IRNet's class activation maps. */
export const CAM_SCALES: readonly number[] = [1, 0.5, 1.5, 2];

/** Size of an image at a scale; halves are rounded to even, as in the authors' code. */
export function scaledSize([height, width]: readonly [number, number], scale: number): [number, number] {
  return [roundHalfToEven(height * scale), roundHalfToEven(width * scale)];
}

function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return x % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** Added to the largest value before division. */
const EPSILON = 1e-5;

/** Class maps of one image, in [0, 1]. */
export interface ClassMaps {
  /** One position per 4×4 pixels. */
  readonly strided: ScoreMaps;
  /** One position per pixel. */
  readonly full: ScoreMaps;
}

/** Options of {@link combineClassMaps}. */
export interface CombineOptions {
  readonly id: string;
  /** Size of the image, [height, width]. */
  readonly size: readonly [number, number];
  /** Classes of the image: their index among the maps (ascending) and their id in the dataset. */
  readonly classes: readonly { readonly trainId: number; readonly id: number }[];
  /** Pixels per position of the encoder's grid. Default 16. */
  readonly outputStride?: number;
}

/** Rows or columns of a grid with a given stride. */
const gridLength = (pixels: number, stride: number) => Math.ceil(pixels / stride);

/**
 * Combines class activation maps of several scales into one map per class of the image: resized to a common grid
 * (bilinear, half-pixel centres), added, and divided by the maximum. `maps` [h, w, channels] have one channel per
 * class.
 */
export function combineClassMaps(maps: readonly ScoreGrid[], options: CombineOptions): ClassMaps {
  const { id, size, classes, outputStride = 16 } = options;
  const [height, width] = size;
  const present = maps.map((map) =>
    pickChannels(
      map,
      classes.map(({ trainId }) => trainId),
    ),
  );
  const sumAt = (rows: number, columns: number) => sum(present.map((map) => resizeBilinear(map, rows, columns)));
  const strided = sumAt(gridLength(height, 4), gridLength(width, 4));
  const padded = sumAt(outputStride * gridLength(height, outputStride), outputStride * gridLength(width, outputStride));
  const about = { id, size, classes: classes.map(({ id }) => id) };
  return {
    strided: { ...about, grid: 'stride4', data: normalised(strided, classes.length) },
    full: { ...about, grid: 'full', data: normalised(crop(padded, 0, 0, height, width), classes.length) },
  };
}

function pickChannels({ height, width, channels, data }: ScoreGrid, picked: readonly number[]): Raster<Float32Array> {
  const out = new Float32Array(height * width * picked.length);
  for (let i = 0; i < height * width; i++) {
    picked.forEach((trainId, k) => {
      out[i * picked.length + k] = data[i * channels + trainId];
    });
  }
  return { height, width, data: out };
}

function sum([first, ...others]: readonly Raster<Float32Array>[]): Raster<Float32Array> {
  const data = first.data.slice();
  for (const other of others) for (let i = 0; i < data.length; i++) data[i] += other.data[i];
  return { ...first, data };
}

/** Scales each class separately to [0, 1]; [h, w, classes] → [classes, h, w]. */
function normalised({ data }: Raster<Float32Array>, classes: number): Float32Array {
  const positions = data.length / classes;
  const out = new Float32Array(data.length);
  for (let k = 0; k < classes; k++) {
    let largest = 0;
    for (let i = 0; i < positions; i++) largest = Math.max(largest, data[i * classes + k]);
    for (let i = 0; i < positions; i++) out[k * positions + i] = data[i * classes + k] / (largest + EPSILON);
  }
  return out;
}
