import { decodeIndexedPng, decodeRgbPng, fileKind, type Palette } from '@unseen/formats';
import { type ColorFacts, type EdgeFacts, type MaskFacts, MOST_COLORS } from './facts.ts';

/** Colours of classes as 24-bit numbers, and palettes that were met before. */
export interface MaskFactsContext {
  readonly colors: ReadonlySet<number>;
  /** Values that mean a class or "unlabelled". */
  readonly known: ReadonlySet<number>;
  readonly palettes: Map<string, Palette>;
}

/** A colour as one number. */
export function packColor([r, g, b]: readonly [number, number, number]): number {
  return (r << 16) | (g << 8) | b;
}

/** The facts of a mask file, whatever picture it holds. A damaged one is a {@link UserError}. */
export function maskFileFacts(bytes: Uint8Array, path: string, context: MaskFactsContext): MaskFacts {
  if (fileKind(bytes) === 'JPEG') {
    return { height: 0, width: 0, kind: 'jpeg', values: [], edges: NO_EDGES };
  }
  // The colour type of a PNG's header: 0 and 4 are grey and 3 a palette.
  if ([2, 6].includes(bytes[25]) && fileKind(bytes) === 'PNG') {
    const { height, width, data } = decodeRgbPng(bytes, path, { lossy: true });
    return { height, width, kind: 'color', values: [], edges: NO_EDGES, colors: colorFacts(data, context.colors) };
  }
  const { palette, kind, ...map } = decodeIndexedPng(bytes, path);
  return {
    ...labelFacts(map, context.known, kind),
    ...(palette ? { palette: shared(palette, context.palettes) } : {}),
  };
}

/** The facts of raw label values. */
export function labelFacts(
  { height, width, data }: { readonly height: number; readonly width: number; readonly data: Uint8Array | Uint16Array },
  known: ReadonlySet<number>,
  kind: MaskFacts['kind'] = 'ids',
): MaskFacts {
  return { height, width, kind, values: countValues(data), edges: edgeFacts(height, width, data, known) };
}

/** Raw values with their pixels, in increasing order. */
export function countValues(data: Uint8Array | Uint16Array): [value: number, pixels: number][] {
  const pixels = new Uint32Array(data instanceof Uint16Array ? 0x10000 : 0x100);
  for (let i = 0; i < data.length; i++) pixels[data[i]]++;
  const found: [number, number][] = [];
  for (let value = 0; value < pixels.length; value++) if (pixels[value] > 0) found.push([value, pixels[value]]);
  return found;
}

/** How the labels of a mask touch; `known` are the values that mean something. */
export function edgeFacts(
  height: number,
  width: number,
  data: Uint8Array | Uint16Array,
  known: ReadonlySet<number>,
): EdgeFacts {
  let [edges, between, lonely, strange] = [0, 0, 0, 0];
  const values = new Set<number>();
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      const v = data[i];
      const [l, r, u, d] = [data[i - 1], data[i + 1], data[i - width], data[i + width]];
      if (v === l && v === r && v === u && v === d) continue;
      edges++;
      const isBetween = (l < v && v < r) || (l > v && v > r) || (u < v && v < d) || (u > v && v > d);
      const isLonely = v !== l && v !== r && v !== u && v !== d;
      if (isLonely) lonely++;
      if (isBetween) {
        between++;
        values.add(v);
      }
      if ((isBetween || isLonely) && !known.has(v)) strange++;
    }
  }
  return { edges, between, lonely, distinct: values.size, strange };
}

const NO_EDGES: EdgeFacts = { edges: 0, between: 0, lonely: 0, distinct: 0, strange: 0 };
const NEUTRAL = [packColor([0, 0, 0]), packColor([224, 224, 192])];

function colorFacts(rgb: Uint8Array, classes: ReadonlySet<number>): ColorFacts {
  const distinct = new Set<number>();
  let [known, gray, red] = [0, true, true];
  let [last, lastKnown] = [-1, false];
  for (let i = 0; i < rgb.length; i += 3) {
    const color = (rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2];
    if (color !== last) {
      [last, lastKnown] = [color, classes.has(color) || NEUTRAL.includes(color)];
      if (distinct.size < MOST_COLORS) distinct.add(color);
      if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) gray = false;
      if (rgb[i + 1] !== 0 || rgb[i + 2] !== 0) red = false;
    }
    if (lastKnown) known++;
  }
  return { known: (3 * known) / rgb.length, gray, red, distinct: distinct.size };
}

function shared(palette: Palette, known: Map<string, Palette>): Palette {
  const key = palette.join();
  const earlier = known.get(key);
  if (earlier) return earlier;
  known.set(key, palette);
  return palette;
}
