import { ignoreOf, type LabelMap, type RandomStream, UserError } from '@unseen/core';
import { type BatchSource, type DrawPosition, Draws } from '@unseen/experiment';
import { cutPatches, drawCategories, fillPatches, joinPatches, type LabelPatches } from '@unseen/synthesis';

/** Options of {@link PatchBatches}. */
export interface PatchBatchOptions {
  /** Label maps of seen classes: channels, "unlabelled" elsewhere ({@link ignoreOf}). */
  readonly maps: { readonly length: number; read(index: number): Promise<LabelMap> };
  /** Maps of a batch. */
  readonly images: number;
  /** Patches of a batch. */
  readonly batch: number;
  readonly size: number;
  readonly condition: 'category' | 'target';
  readonly random: RandomStream;
}

/**
 * Batches of patches cut from label maps, these in a new random order each epoch. The arrays of a batch, all
 * [batch · size · size], are reused by the next one.
 */
export class PatchBatches implements BatchSource<DrawPosition> {
  /** With holes filled from their neighbours. */
  readonly patches: Int32Array;
  /** "Unlabelled" in the holes. */
  readonly labels: Int32Array;
  /** Category that each pixel is conditioned on. */
  readonly condition: Int32Array;
  private readonly options: PatchBatchOptions;
  private readonly draws: Draws;

  constructor(options: PatchBatchOptions) {
    const { batch, size, images, maps } = options;
    if (maps.length < images) {
      throw new UserError({
        given: `patches of ${images} label maps a step from ${maps.length}`,
        expected: 'at least as many training images as a step takes',
        remedy: 'lower patches.training.images',
      });
    }
    this.options = options;
    this.draws = new Draws(maps.length, options.random);
    this.patches = new Int32Array(batch * size * size);
    this.labels = new Int32Array(batch * size * size);
    this.condition = new Int32Array(batch * size * size);
  }

  get position(): DrawPosition {
    return this.draws.position;
  }

  set position(position: DrawPosition) {
    this.draws.position = position;
  }

  /** Fills the arrays with patches of the next maps; of fewer patches than a batch has some come again. */
  async advance(): Promise<void> {
    const { batch, size, condition, random } = this.options;
    const area = size * size;
    const { labels, count } = await this.cut();
    const filled = fillPatches({ size, count, labels });
    const categories = drawCategories({ size, count, labels }, random);
    const drawn = random.permutation(count);
    for (let i = 0; i < batch; i++) {
      const from = drawn[i % count] * area;
      this.labels.set(labels.subarray(from, from + area), i * area);
      this.patches.set(filled.labels.subarray(from, from + area), i * area);
      if (condition === 'category') this.condition.fill(categories[from / area], i * area, (i + 1) * area);
      else this.condition.set(filled.labels.subarray(from, from + area), i * area);
    }
  }

  /** Patches of the next maps that have any. */
  private async cut(): Promise<LabelPatches> {
    const { maps, images, size } = this.options;
    for (let attempt = 0; attempt <= 2 * Math.ceil(maps.length / images); attempt++) {
      const sets: LabelPatches[] = [];
      for (const index of this.draws.take(images)) sets.push(cutPatches(await maps.read(index), size));
      const joined = joinPatches(sets);
      if (joined.count > 0) return joined;
    }
    throw new UserError({
      given: 'training masks without a single labelled pixel in a whole patch',
      expected: 'training masks that show seen classes',
      remedy: 'check the class ids and the split of the dataset',
    });
  }
}
