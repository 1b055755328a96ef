import type { RgbImage, SegmentationModel } from '@unseen/core';
import { flipHorizontal, resizeBilinear } from '@unseen/vision';

/** Class scores of a model on its own grid: [height, width, classes]. */
type Scores = Awaited<ReturnType<SegmentationModel['logits']>>;

/** One look at an image: by which model, and whether mirrored. */
export interface TestView {
  readonly model: SegmentationModel;
  readonly flip: boolean;
}

// The smallest normal number of single precision: logarithms stay finite, so that they can be interpolated.
const TINY = 2 ** -126;

/**
 * A model that averages the softmax probabilities of several views, whatever method they come from: mirrored views are
 * mirrored back, all are brought to the largest grid by bilinear interpolation. Its logits are the logarithms of the
 * averages. All views need the same classes.
 */
export function averageViews(views: readonly TestView[]): SegmentationModel {
  const [{ model: first }] = views;
  if (views.some(({ model }) => model.classes.join() !== first.classes.join())) {
    throw new RangeError('views of models of different classes cannot be averaged');
  }
  const channels = first.classes.length;
  return {
    outputStride: Math.min(...views.map(({ model }) => model.outputStride)),
    input: views.length === 1 ? first.input : 'any',
    classes: first.classes,
    async logits(image) {
      const maps: Scores[] = [];
      for (const view of views) maps.push(await probabilities(view, image, channels));
      const largest = maps.reduce((best, map) => (map.height * map.width > best.height * best.width ? map : best));
      const { height, width, penalties } = largest;
      const sum = new Float32Array(height * width * channels);
      for (const map of maps) {
        const { data } = map.height === height && map.width === width ? map : resizeBilinear(map, height, width);
        for (let i = 0; i < sum.length; i++) sum[i] += data[i];
      }
      const data = sum.map((value) => Math.log(Math.max(value / views.length, TINY)));
      return { height, width, data, ...(penalties && { penalties }) };
    },
  };
}

async function probabilities({ model, flip }: TestView, image: RgbImage, channels: number): Promise<Scores> {
  const logits = await model.logits(flip ? flipHorizontal(image) : image);
  const { data } = flip ? flipHorizontal(logits) : logits;
  return { ...logits, data: softmax(data, channels) };
}

/** Softmax of each run of `channels` values. */
function softmax(logits: Float32Array, channels: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += channels) {
    let maximum = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < channels; c++) maximum = Math.max(maximum, logits[at + c]);
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += out[at + c] = Math.exp(logits[at + c] - maximum);
    for (let c = 0; c < channels; c++) out[at + c] /= sum;
  }
  return out;
}
