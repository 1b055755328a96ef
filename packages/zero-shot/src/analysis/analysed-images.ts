import { setImmediate } from 'node:timers/promises';
import { ignoreOf, type LabelData, type LabelMap, type RgbImage, type Sample } from '@unseen/core';
import { guardTraining } from '@unseen/data';
import { Interrupted, openExperimentDataset, warpImage } from '@unseen/experiment';
import { connectedRegions, resizeNearest, resizeRgb } from '@unseen/vision';
import type { ContextualRun } from './contextual-run.ts';

/** Which images an analysis looks at. */
export interface ImageChoice {
  /** Of `train` only the labels of seen classes are known, as in training. Default: `val`. */
  readonly subset?: 'train' | 'val';
  /** Maximum number of images, drawn at random. Default: 100. */
  readonly images?: number;
  readonly onImage?: (done: number, total: number, id: string) => void;
  readonly signal?: AbortSignal;
}

/** An image with what an analysis knows of it. */
export interface AnalysedImage {
  readonly id: string;
  /** At the size to which the run warps images. */
  readonly photo: RgbImage;
  /** Of the backbone; valid until the next image. */
  readonly features: Float32Array;
  /** Channel of each position of the features, "unlabelled" where it has none ({@link ignoreOf}): [h · w]. */
  readonly labels: LabelData;
  /** Side of a square of the area of the object that a position belongs to, in positions of the features: [h · w]. */
  readonly sides: Float32Array;
}

/** What {@link analysedImages} needs besides the choice of images. */
export interface ImageNeeds extends ImageChoice {
  /** Only images with a pixel of this channel. */
  readonly containing?: number;
}

/** Extracts the features of images of the run's dataset, one by one in a random order, the same for every analysis. */
export async function* analysedImages(run: ContextualRun, needs: ImageNeeds): AsyncGenerator<AnalysedImage> {
  const { subset = 'val', images = 100, containing, onImage, signal } = needs;
  const { config, extractor } = run;
  const { grid } = extractor;
  const { labels: channels, split } = run.run.protocol;
  const dataset = await openExperimentDataset(config);
  const samples: readonly Sample[] = subset === 'train' ? guardTraining(dataset, split).samples : dataset.val;
  const total = Math.min(images, samples.length);
  let done = 0;
  for (const index of run.seeds.child('images').stream().permutation(samples.length)) {
    if (done === total) return;
    if (signal?.aborted) throw new Interrupted('nothing was written');
    const sample = samples[index];
    const warped = resizeNearest(channels.toTestChannels(await sample.mask!()), ...config.data.size);
    if (containing !== undefined && !warped.data.includes(containing)) continue;
    const { data: labels } = resizeNearest(warped, ...grid);
    const image = await sample.image();
    const features = await extractor.extract(warpImage(image, config));
    const photo = resizeRgb(image, ...config.data.size);
    yield { id: sample.id, photo, features, labels, sides: objectSides(warped, grid) };
    done++;
    onImage?.(done, total, sample.id);
    // Work that only awaits finished promises would otherwise never let a signal in.
    await setImmediate();
  }
}

/** The square root of the area of each position's object, in positions of the grid. */
function objectSides(labels: LabelMap, grid: readonly [number, number]): Float32Array {
  const { regions, sizes } = connectedRegions(labels);
  const { height, width } = labels;
  const perPosition = (height * width) / (grid[0] * grid[1]);
  const { data } = resizeNearest({ height, width, data: regions }, ...grid);
  return Float32Array.from(data, (region) => Math.sqrt(sizes[region] / perPosition));
}

/** Keeps what is needed to paint some of the images: those with unseen classes first. */
export class PictureChoice<T extends { readonly labels: LabelData }> {
  private readonly limit: number;
  private readonly firstUnseen: number;
  private readonly withUnseen: T[] = [];
  private readonly others: T[] = [];

  constructor(options: { readonly limit: number; readonly firstUnseen: number }) {
    this.limit = options.limit;
    this.firstUnseen = options.firstUnseen;
  }

  /** Takes what `keep` gives when the image may be painted. */
  offer(labels: LabelData, keep: () => T): void {
    const hidden = ignoreOf(labels);
    const hasUnseen = labels.some((channel) => channel >= this.firstUnseen && channel !== hidden);
    const list = hasUnseen ? this.withUnseen : this.others;
    if (list.length < this.limit && this.withUnseen.length < this.limit) list.push(keep());
  }

  get chosen(): readonly T[] {
    return [...this.withUnseen, ...this.others].slice(0, this.limit);
  }
}
