import type { Dataset, Sample, ZeroShotSplit } from '@unseen/core';
import { type GuardedTraining, guardTraining } from '@unseen/data';
import type { StageContext } from '@unseen/experiment';

/** Guarded training images that show no unseen class at all, so that not even its pixels are seen (ZS3Net's rule). */
export async function withoutUnseen(
  { progress, signal }: Pick<StageContext, 'progress' | 'signal'>,
  dataset: Dataset,
  split: ZeroShotSplit,
): Promise<GuardedTraining> {
  const unseen = new Set(split.unseen);
  const clean: Sample[] = [];
  for (const [i, sample] of dataset.train.entries()) {
    if (!(await sample.mask!()).data.some((id: number) => unseen.has(id))) clean.push(sample);
    await progress.update(i + 1, dataset.train.length, 'looking for unseen classes');
    signal.throwIfAborted();
  }
  const left = dataset.train.length - clean.length;
  progress.warn(`${left} of ${dataset.train.length} images show an unseen class and are left out`);
  return guardTraining({ ...dataset, train: clean }, split);
}
