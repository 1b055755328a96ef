import { type RgbImage, softmax } from '@unseen/core';
import { resizeScores, type ScoreGrid } from '../score-grid.ts';
import { type DenseCrfOptions, denseCrf } from './dense-crf.ts';
import { unaryOfProbabilities } from './unary.ts';

/**
 * Class scores of a photo at its own size, refined by a dense CRF: softmax probabilities of the interpolated scores are its
 * unary term, and the logarithms of what it gives are the new scores. Penalties stay as they are.
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
