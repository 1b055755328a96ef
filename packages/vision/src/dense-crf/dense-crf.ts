import { type RgbImage, softmax, UserError } from '@unseen/core';
import { resizeScores, type ScoreGrid } from '../score-grid.ts';
import { exactFilter } from './exact-filter.ts';
import { type GaussianFilter, latticeFilter } from './permutohedral-lattice.ts';

/** A reward for similar pixels with the same label. */
export interface PairwiseTerm {
  readonly weight: number;
  /** Standard deviation of the distance, in pixels. */
  readonly position: number;
  /** Standard deviation of the RGB difference (0 … 255); if absent, colours are ignored. */
  readonly color?: number;
}

/** Parameters of {@link denseCrf}. */
export interface DenseCrfOptions {
  readonly terms: readonly PairwiseTerm[];
  readonly iterations: number;
  /** `lattice` (default) for photos; `exact` takes time quadratic in the pixels. */
  readonly engine?: 'lattice' | 'exact';
}

/** Parameters of published methods. */
export const crfPresets = {
  spnet: { iterations: 10, terms: terms({ near: [1, 3], alike: [67, 3, 4] }) },
  irnet: { iterations: 10, terms: terms({ near: [3, 3], alike: [50, 5, 10] }) },
  mcis: { iterations: 1, terms: terms({ near: [3, 1], alike: [80, 4, 3] }) },
  labelPenet: { iterations: 10, terms: terms({ near: [3, 3], alike: [80, 13, 10] }) },
} as const satisfies Readonly<Record<string, DenseCrfOptions>>;

function terms(of: {
  near: [position: number, weight: number];
  alike: [position: number, color: number, weight: number];
}) {
  const [position, weight] = of.near;
  return [
    { position, weight },
    { position: of.alike[0], color: of.alike[1], weight: of.alike[2] },
  ] as const;
}

/**
 * Label probabilities of a fully connected conditional random field after mean-field iterations (Krähenbühl & Koltun 2011),
 * with Potts compatibility and symmetrically normalised kernels that include the pixel itself.
 *
 * @param unary energies, -log p: [height · width · labels]
 * @returns probabilities [height · width · labels]
 */
export function denseCrf(image: RgbImage, unary: Float32Array, options: DenseCrfOptions): Float32Array {
  const pixels = image.height * image.width;
  const labels = unary.length / pixels;
  if (!Number.isInteger(labels) || labels < 1) {
    throw new UserError({
      given: `${unary.length} energies for an image of ${image.height}×${image.width} pixels`,
      expected: 'the same number for each pixel',
    });
  }
  const filters = options.terms.map((term) => ({
    weight: term.weight,
    filter: normalizedFilter(image, term, options.engine ?? 'lattice'),
  }));
  const probabilities = new Float32Array(unary.length);
  const scores = negated(unary, new Float32Array(unary.length));
  softmax(scores, labels, probabilities);
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    negated(unary, scores);
    for (const { weight, filter } of filters) {
      const message = filter(probabilities, labels);
      for (let i = 0; i < scores.length; i++) scores[i] += weight * message[i];
    }
    softmax(scores, labels, probabilities);
  }
  return probabilities;
}

function negated(values: Float32Array, out: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) out[i] = -values[i];
  return out;
}

/** D^-½ K D^-½ of a kernel K with row sums D. */
function normalizedFilter(image: RgbImage, term: PairwiseTerm, engine: 'lattice' | 'exact'): GaussianFilter {
  const pixels = image.height * image.width;
  const make = engine === 'exact' ? exactFilter : latticeFilter;
  const kernel = make(featuresOf(image, term), term.color === undefined ? 2 : 5);
  const scale = kernel(new Float32Array(pixels).fill(1), 1).map((sum) => 1 / Math.sqrt(sum + 1e-20));
  return (values, channels) => scaled(kernel(scaled(values, channels), channels), channels);

  function scaled(values: Float32Array, channels: number): Float32Array {
    const result = new Float32Array(values.length);
    for (let pixel = 0, i = 0; pixel < pixels; pixel++) {
      for (let c = 0; c < channels; c++, i++) result[i] = scale[pixel] * values[i];
    }
    return result;
  }
}

/** Position and colour of each pixel in units of the deviations. */
function featuresOf({ height, width, data }: RgbImage, { position, color }: PairwiseTerm): Float32Array {
  const dimension = color === undefined ? 2 : 5;
  const features = new Float32Array(height * width * dimension);
  for (let pixel = 0; pixel < height * width; pixel++) {
    features[pixel * dimension] = (pixel % width) / position;
    features[pixel * dimension + 1] = Math.floor(pixel / width) / position;
    if (color === undefined) continue;
    for (let c = 0; c < 3; c++) features[pixel * dimension + 2 + c] = data[pixel * 3 + c] / color;
  }
  return features;
}

/**
 * Energies -log p of probabilities.
 *
 * @param probabilities [.. · labels], summing to 1 for each pixel
 * @param floor lower bound on the probabilities
 */
export function unaryOfProbabilities(probabilities: Float32Array, floor = 1e-5): Float32Array {
  return probabilities.map((p) => -Math.log(Math.max(p, floor)));
}

/**
 * Energies of hard labels that are right with a given probability, all other labels being equally likely.
 *
 * @param labels label of each pixel, [pixels]
 * @returns [pixels · count]
 */
export function unaryOfLabels(labels: ArrayLike<number>, count: number, confidence: number): Float32Array {
  if (count < 2) {
    throw new UserError({
      given: `energies of ${count} labels`,
      expected: 'at least 2 labels',
    });
  }
  const [hit, miss] = [-Math.log(confidence), -Math.log((1 - confidence) / (count - 1))];
  const unary = new Float32Array(labels.length * count).fill(miss);
  for (let pixel = 0; pixel < labels.length; pixel++) unary[pixel * count + labels[pixel]] = hit;
  return unary;
}

/**
 * Class scores of a photo at its own size, refined by a dense CRF: the softmax probabilities of the interpolated scores
 * form its unary term, and the logarithms of its marginals are the new scores. Penalties are kept.
 */
export function refineScores(image: RgbImage, scores: ScoreGrid, options: DenseCrfOptions): ScoreGrid {
  const { height, width } = image;
  const { data } = resizeScores(scores, [height, width]);
  softmax(data, scores.channels, data);
  const refined = denseCrf(image, unaryOfProbabilities(data), options);
  for (let i = 0; i < refined.length; i++) refined[i] = Math.log(Math.max(refined[i], SMALLEST));
  return { ...scores, height, width, data: refined };
}

const SMALLEST = 1e-20;
