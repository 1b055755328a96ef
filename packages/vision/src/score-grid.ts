import { argMax, ignoreOf, type LabelData, labelArray, softmax } from '@unseen/core';

/** Class scores on a grid: `data` is [height · width · channels]. */
export interface ScoreGrid {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
  /** Per channel: subtracted from its softmax probability before the best channel is chosen. Default: 0. */
  readonly penalties?: Float32Array;
}

/** Options of {@link labelsFromScores}. */
export interface LabelOptions {
  /** Pixels whose softmax probability is below this become void. Default 0: none. */
  readonly minConfidence?: number;
}

/**
 * The best channel of every pixel after bilinear interpolation (half-pixel centres) of the scores to [height, width]:
 * `argmax(resize(logits))`, or `argmax(softmax(resize(logits)) - penalties)`, without storing the resized logits. Of
 * 8 bits, or of 16 for more than 255 channels; void is the last value of either.
 *
 * @example
 * import { labelsFromScores } from '@unseen/vision';
 *
 * const scores = { height: 1, width: 2, channels: 2, data: Float32Array.of(1, 0, 0, 1) };
 * labelsFromScores(scores, [1, 4]); // → Uint8Array.of(0, 0, 1, 1)
 */
export function labelsFromScores(
  scores: ScoreGrid,
  [height, width]: readonly [number, number],
  { minConfidence = 0 }: LabelOptions = {},
): LabelData {
  const { channels, penalties } = scores;
  const calibrated = new Float64Array(channels);
  const labels = labelArray(channels, height * width);
  const hidden = ignoreOf(labels);
  forEachPixel(scores, [height, width], (pixel, at) => {
    const best = argMax(penalties ? penalize(calibrated, pixel, penalties) : pixel);
    const isVoid = minConfidence > 0 && probability(pixel, best) < minConfidence;
    labels[at] = isVoid ? hidden : best;
  });
  return labels;
}

/** The best channel of every pixel among the first channels and among the others, and how far apart they are. */
export interface BestOfParts {
  readonly first: LabelData;
  readonly second: LabelData;
  /** Score of the first less that of the second. */
  readonly margin: Float32Array;
}

/**
 * The best channels of every pixel below `start` and from `start` on, after interpolation as in {@link labelsFromScores}:
 * where the margin is negative, it gives the second one.
 */
export function bestOfParts(scores: ScoreGrid, [height, width]: readonly [number, number], start: number): BestOfParts {
  const { channels } = scores;
  const first = labelArray(channels, height * width);
  const second = labelArray(channels, height * width);
  const margin = new Float32Array(height * width);
  forEachPixel(scores, [height, width], (pixel, at) => {
    let [a, b] = [0, start];
    for (let c = 1; c < start; c++) if (pixel[c] > pixel[a]) a = c;
    for (let c = start + 1; c < channels; c++) if (pixel[c] > pixel[b]) b = c;
    first[at] = a;
    second[at] = b;
    margin[at] = pixel[a] - pixel[b];
  });
  return { first, second, margin };
}

/** All scores interpolated to [height, width] as {@link labelsFromScores} does. */
export function resizeScores(scores: ScoreGrid, [height, width]: readonly [number, number]): ScoreGrid {
  const { channels } = scores;
  const resized = new Float32Array(height * width * channels);
  forEachPixel(scores, [height, width], (pixel, at) => resized.set(pixel, at * channels));
  return { ...scores, height, width, data: resized };
}

/** Visits the interpolated scores of every pixel, in rows; the array is the same each time. */
function forEachPixel(
  { channels, data, ...grid }: ScoreGrid,
  [height, width]: readonly [number, number],
  visit: (scores: Float32Array, at: number) => void,
): void {
  const rows = sourcePositions(grid.height, height);
  const columns = sourcePositions(grid.width, width);
  const rowLength = grid.width * channels;
  const blended = new Float32Array(rowLength);
  const pixel = new Float32Array(channels);
  for (let y = 0, at = 0; y < height; y++) {
    mix(blended, data, rows.low[y] * rowLength, rows.high[y] * rowLength, rows.fraction[y]);
    for (let x = 0; x < width; x++, at++) {
      mix(pixel, blended, columns.low[x] * channels, columns.high[x] * channels, columns.fraction[x]);
      visit(pixel, at);
    }
  }
}

/** A grid of the channels from `first` on. */
export function channelsFrom({ channels, data, penalties, ...grid }: ScoreGrid, first: number): ScoreGrid {
  const kept = channels - first;
  const part = new Float32Array(grid.height * grid.width * kept);
  for (let i = 0; i < grid.height * grid.width; i++) {
    part.set(data.subarray(i * channels + first, (i + 1) * channels), i * kept);
  }
  return { ...grid, channels: kept, data: part, ...(penalties && { penalties: penalties.subarray(first) }) };
}

/** Softmax probabilities minus their penalties. */
function penalize(out: Float64Array, logits: Float32Array, penalties: Float32Array): Float64Array {
  softmax(logits, logits.length, out);
  for (let c = 0; c < out.length; c++) out[c] -= penalties[c];
  return out;
}

/** out = (1 - t)·source[a …] + t·source[b …] */
function mix(out: Float32Array, source: Float32Array, a: number, b: number, t: number): void {
  for (let i = 0; i < out.length; i++) out[i] = source[a + i] + t * (source[b + i] - source[a + i]);
}

function probability(logits: Float32Array, channel: number): number {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[channel]);
  return 1 / sum;
}

/** The two source neighbours of each target position, and its fractional position between them. */
function sourcePositions(source: number, target: number) {
  const low = new Int32Array(target);
  const high = new Int32Array(target);
  const fraction = new Float32Array(target);
  for (let i = 0; i < target; i++) {
    const position = Math.max(0, ((i + 0.5) * source) / target - 0.5);
    low[i] = Math.min(source - 1, Math.floor(position));
    high[i] = Math.min(source - 1, low[i] + 1);
    fraction[i] = position - low[i];
  }
  return { low, high, fraction };
}
