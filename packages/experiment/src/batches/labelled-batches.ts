import { type LabelData, type RandomStream, UserError } from '@unseen/core';
import { resizeNearest } from '@unseen/vision';
import { type BatchSource, type DrawPosition, Draws } from './batch-source.ts';

/** Labelled maps of one size: stored features of one scale, or normalised images. */
export interface LabelledSource {
  /** Number of maps. */
  readonly length: number;
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Writes map `index` ([h · w · channels]) into `target` from `offset` on; gives the train id of each position. */
  read(index: number, target: Float32Array, offset?: number): Promise<LabelData>;
}

/** Options of {@link LabelledBatches}. */
export interface LabelledBatchOptions {
  /** The same maps at every scale, full scale first. */
  readonly sources: readonly LabelledSource[];
  readonly batch: number;
  /** A batch without any label below this is skipped. */
  readonly classes: number;
  readonly random: RandomStream;
  /** Grids [height, width] on which labels are given, taken from the only source. Default: each source's own. */
  readonly labelGrids?: readonly (readonly [number, number])[];
}

/**
 * Batches of labelled maps in a new random order each epoch; the incomplete last batch of an epoch is dropped.
 * The arrays of a batch are reused by the next one.
 */
export class LabelledBatches implements BatchSource<DrawPosition> {
  /** Of each source, full scale first: [batch · h · w · channels]. */
  readonly inputs: readonly Float32Array[];
  /** Train id of each position of each grid of labels, 255 (of more than 255 classes 65535) where it is not labelled. */
  readonly labels: readonly Int32Array[];
  private readonly options: LabelledBatchOptions;
  private readonly draws: Draws;

  constructor(options: LabelledBatchOptions) {
    const { sources, batch, labelGrids = sources.map(({ grid }) => grid) } = options;
    if (sources[0].length < batch) {
      throw new UserError({
        given: `a batch of ${batch} images from ${sources[0].length}`,
        expected: 'at least as many images as a batch has',
        remedy: 'lower the batch or use more images',
      });
    }
    this.options = options;
    this.draws = new Draws(sources[0].length, options.random);
    this.inputs = sources.map(
      ({ grid: [height, width], channels }) => new Float32Array(batch * height * width * channels),
    );
    this.labels = labelGrids.map(([height, width]) => new Int32Array(batch * height * width));
  }

  get position(): DrawPosition {
    return this.draws.position;
  }

  set position(position: DrawPosition) {
    this.draws.position = position;
  }

  /** Fills {@link inputs} and {@link labels} with the next batch that has a labelled position at every scale. */
  async advance(): Promise<void> {
    const attempts = 2 * Math.ceil(this.options.sources[0].length / this.options.batch) + 1;
    for (let i = 0; i < attempts; i++) {
      await this.read(this.draws.take(this.options.batch));
      if (this.labels.every((labels) => labels.some((label) => label < this.options.classes))) return;
    }
    throw new UserError({
      given: 'an epoch without a single labelled pixel of a seen class',
      expected: 'training masks that show seen classes',
      remedy: 'check the class ids and the split of the dataset',
    });
  }

  private async read(indices: readonly number[]): Promise<void> {
    const { sources, labelGrids } = this.options;
    for (const [scale, source] of sources.entries()) {
      const [height, width] = source.grid;
      const positions = height * width;
      for (const [i, index] of indices.entries()) {
        const data = await source.read(index, this.inputs[scale], i * positions * source.channels);
        const grids = labelGrids ?? [source.grid];
        for (const [k, [rows, columns]] of grids.entries()) {
          const atGrid = resizeNearest({ height, width, data }, rows, columns);
          this.labels[scale + k].set(atGrid.data, i * rows * columns);
        }
      }
    }
  }
}
