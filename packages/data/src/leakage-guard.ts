import type { Dataset, InstanceSet, LabelMap, RgbImage, Sample, ZeroShotSplit } from '@unseen/core';
import { ignoreOf } from '@unseen/core';
import { checkSplit, findSplit } from './contiguous-labels.ts';

/**
 * A training sample that reveals nothing about classes other than the seen ones: every other pixel of its mask is
 * unlabelled, and its image labels and instances are of seen classes only. The image is whole. Only
 * {@link SeenOnlySample.of} makes one, so code that takes it cannot be given an unguarded sample.
 */
export class SeenOnlySample implements Sample {
  readonly id: string;
  readonly imageLabels?: readonly number[];
  readonly mask?: () => Promise<LabelMap>;
  readonly instances?: () => Promise<InstanceSet>;
  readonly #sample: Sample;

  private constructor(sample: Sample, seen: ReadonlySet<number>) {
    this.#sample = sample;
    this.id = sample.id;
    if (sample.imageLabels) this.imageLabels = sample.imageLabels.filter((id) => seen.has(id));
    if (sample.mask) this.mask = async () => hideOthers(await sample.mask!(), seen);
    if (sample.instances) {
      this.instances = async () => {
        const set = await sample.instances!();
        return { ...set, items: set.items.filter(({ classId }) => seen.has(classId)) };
      };
    }
  }

  /** The sample with only the seen classes. */
  static of(sample: Sample, split: ZeroShotSplit): SeenOnlySample {
    checkSplit(split);
    return new SeenOnlySample(sample, new Set(split.seen));
  }

  image(): Promise<RgbImage> {
    return this.#sample.image();
  }
}

/** What training may see of a dataset. */
export interface GuardedTraining {
  readonly split: ZeroShotSplit;
  readonly samples: readonly SeenOnlySample[];
}

/** The leakage guard: the training subset of a dataset with everything hidden but the seen classes of a split. */
export function guardTraining(dataset: Dataset, split: string | ZeroShotSplit = 'default'): GuardedTraining {
  const chosen = typeof split === 'string' ? findSplit(dataset.splits, split, dataset.name) : split;
  return { split: chosen, samples: dataset.train.map((sample) => SeenOnlySample.of(sample, chosen)) };
}

/** A copy of a label map in which every pixel of other classes is unlabelled. */
export function hideOthers(labels: LabelMap, classes: ReadonlySet<number>): LabelMap {
  const hidden = ignoreOf(labels.data);
  const data = labels.data.slice();
  const table = new Uint16Array(0x10000).fill(hidden);
  for (const id of classes) table[id] = id;
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]];
  return { ...labels, data };
}
