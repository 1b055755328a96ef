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
  const { channels, data, penalties } = scores;
  const rows = sourcePositions(scores.height, height);
  const columns = sourcePositions(scores.width, width);
  const rowLength = scores.width * channels;
  const blended = new Float32Array(rowLength);
  const pixel = new Float32Array(channels);
  const calibrated = new Float64Array(channels);
  const labels = labelArray(channels, height * width);
  const hidden = ignoreOf(labels);
  for (let y = 0; y < height; y++) {
    mix(blended, data, rows.low[y] * rowLength, rows.high[y] * rowLength, rows.fraction[y]);
    for (let x = 0; x < width; x++) {
      mix(pixel, blended, columns.low[x] * channels, columns.high[x] * channels, columns.fraction[x]);
      const best = argMax(penalties ? penalize(calibrated, pixel, penalties) : pixel);
      const isVoid = minConfidence > 0 && probability(pixel, best) < minConfidence;
      labels[y * width + x] = isVoid ? hidden : best;
    }
  }
  return labels;
}

/** All scores interpolated to [height, width] as {@link labelsFromScores} does. */
export function resizeScores(scores: ScoreGrid, [height, width]: readonly [number, number]): ScoreGrid {
  const { channels, data } = scores;
  const rows = sourcePositions(scores.height, height);
  const columns = sourcePositions(scores.width, width);
  const rowLength = scores.width * channels;
  const blended = new Float32Array(rowLength);
  const resized = new Float32Array(height * width * channels);
  for (let y = 0, at = 0; y < height; y++) {
    mix(blended, data, rows.low[y] * rowLength, rows.high[y] * rowLength, rows.fraction[y]);
    for (let x = 0; x < width; x++, at += channels) {
      mix(
        resized.subarray(at, at + channels),
        blended,
        columns.low[x] * channels,
        columns.high[x] * channels,
        columns.fraction[x],
      );
    }
  }
  return { ...scores, height, width, data: resized };
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
