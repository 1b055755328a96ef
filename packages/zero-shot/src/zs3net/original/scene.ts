import { ignoreAmong, type RandomStream } from '@unseen/core';
import { drawLabels, labelGraph } from '@unseen/synthesis';
import { resizeNearest } from '@unseen/vision';

type Grid = readonly [height: number, width: number];

/** One image of a batch, and what the classifier is to learn from it. */
export interface Scene {
  /** Labels on the grid of the features, as far as they are known. */
  readonly known: Int32Array;
  /** Whether the classifier sees generated features in place of the real ones. */
  readonly isSynthetic: boolean;
  /** Labels of those features on the grid; of real ones {@link known}. */
  readonly layout: Int32Array;
  /** Whether {@link layout} is that of the image, so that logits may be compared at its full size. */
  readonly isOwnLayout: boolean;
  /** Whether the generators may learn from the image: it shows no unseen class. */
  readonly isClean: boolean;
}

/** How scenes are laid out. */
export interface SceneOptions {
  readonly grid: Grid;
  /** Channels below this are seen classes. */
  readonly seen: number;
  readonly layout: 'random' | 'groundTruth';
  /** Share of synthetic scenes with random layouts. */
  readonly synthetic: number;
  /** Probability of each channel in them. */
  readonly prior: Float64Array;
  /** Whether random layouts give a class to each region of the image instead of each position. */
  readonly byRegion: boolean;
}

/** Lays out a scene on an image with labels [crop · crop] (paper §3.2; ZS-1). */
export function layOutScene(labels: Int32Array, crop: number, options: SceneOptions, random: RandomStream): Scene {
  const { grid, seen, layout, synthetic, prior, byRegion } = options;
  const [height, width] = grid;
  const ignored = ignoreAmong(prior.length);
  const { data: known } = resizeNearest({ height: crop, width: crop, data: labels }, height, width);
  const isClean = !labels.some((label) => label >= seen && label !== ignored);
  const own = { known, layout: known, isClean, isOwnLayout: true };
  if (layout === 'groundTruth') return { ...own, isSynthetic: !isClean };
  if (random.uniform() >= synthetic) return { ...own, isSynthetic: false };
  const drawn = byRegion
    ? relabelRegions(known, grid, { prior, ignored }, random)
    : drawLabels(new Int32Array(known.length), prior, random);
  return { known, isClean, isSynthetic: true, layout: drawn, isOwnLayout: false };
}

/** A class of its own for each region that has a label. */
function relabelRegions(
  labels: Int32Array,
  [height, width]: Grid,
  { prior, ignored }: { readonly prior: Float64Array; readonly ignored: number },
  random: RandomStream,
): Int32Array {
  const { nodes, count } = labelGraph(labels, height, width);
  const classes = drawLabels(new Int32Array(count), prior, random);
  return labels.map((label, pixel) => (label === ignored ? ignored : classes[nodes[pixel]]));
}

/** Pixels of each class of a label map, classes that do not occur left out. */
export function pixelsByClass(labels: Int32Array, classes: number): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  labels.forEach((label, pixel) => {
    if (label >= classes) return;
    const pixels = found.get(label);
    if (pixels) pixels.push(pixel);
    else found.set(label, [pixel]);
  });
  return found;
}
