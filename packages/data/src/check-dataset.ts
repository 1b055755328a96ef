import { type Dataset, type Sample, UserError, type ZeroShotSplit } from '@unseen/core';
import { findSplit, ignoreOf } from './contiguous-labels.ts';

/** How often a class occurs in a subset. */
export interface Support {
  readonly pixels: number;
  readonly images: number;
}

/** How often a class occurs in a dataset. */
export interface ClassSupport {
  readonly id: number;
  readonly name: string;
  readonly group: 'seen' | 'unseen' | 'outside';
  readonly train: Support;
  readonly val: Support;
}

/** What {@link checkDataset} found. */
export interface DatasetReport {
  readonly support: readonly ClassSupport[];
  /** What would make training or scoring wrong, one sentence each; {@link missing} included. */
  readonly problems: readonly string[];
  /** Those problems that are classes without a pixel where they need one: no score can be given for them. */
  readonly missing: readonly string[];
}

/** Options of {@link checkDataset}. */
export interface CheckOptions {
  /** Called after each mask. */
  readonly onMask?: (done: number, id: string) => Promise<void> | void;
}

/**
 * Reads every mask of a dataset, counts each class and lists what would go wrong with a split: masks that cannot be
 * used, unseen classes without a test pixel, seen classes without a training pixel, images in both subsets.
 */
export async function checkDataset(
  dataset: Dataset,
  split: string | ZeroShotSplit = 'default',
  { onMask }: CheckOptions = {},
): Promise<DatasetReport> {
  const chosen = typeof split === 'string' ? findSplit(dataset.splits, split, dataset.name) : split;
  const problems: string[] = [];
  let done = 0;
  const next = (id: string) => onMask?.(++done, id);
  const [train, val] = [await count(dataset.train, problems, next), await count(dataset.val, problems, next)];
  const support = dataset.classes.map(({ id, name }): ClassSupport => {
    const group = chosen.seen.includes(id) ? 'seen' : chosen.unseen.includes(id) ? 'unseen' : 'outside';
    const none = { pixels: 0, images: 0 };
    return { id, name, group, train: train.get(id) ?? none, val: val.get(id) ?? none };
  });
  const missing = support.flatMap(({ id, name, group, train, val }) => {
    if (group === 'unseen' && val.pixels === 0) return [`unseen class '${name}' (${id}) has no test pixel`];
    if (group === 'seen' && train.pixels === 0) return [`seen class '${name}' (${id}) has no training pixel`];
    return [];
  });
  problems.push(...missing);
  for (const subset of ['train', 'val'] as const) {
    if (dataset[subset].length === 0) problems.push(`the subset '${subset}' is empty`);
  }
  const trained = new Set(dataset.train.map(({ id }) => id));
  const both = dataset.val.filter(({ id }) => trained.has(id));
  if (both.length > 0) problems.push(`${both.length} images are in both subsets, the first is '${both[0].id}'`);
  return { support, problems, missing };
}

/** Throws the problems of a report as one {@link UserError}; `allowMissing` lets classes without a pixel pass. */
export function requireNoProblems(
  { problems, missing }: DatasetReport,
  name: string,
  { allowMissing = false }: { readonly allowMissing?: boolean } = {},
): void {
  const found = allowMissing ? problems.filter((problem) => !missing.includes(problem)) : problems;
  if (found.length === 0) return;
  throw new UserError({
    given: `dataset ${name} cannot be used as it is:\n  ${found.join('\n  ')}`,
    remedy: 'correct the files, the lists or the split',
  });
}

async function count(
  samples: readonly Sample[],
  problems: string[],
  next: (id: string) => Promise<void> | void,
): Promise<Map<number, Support>> {
  const support = new Map<number, Support>();
  for (const sample of samples) {
    try {
      const labels = await sample.mask?.();
      if (!labels) {
        problems.push(`image '${sample.id}' has no mask`);
        await next(sample.id);
        continue;
      }
      const pixels = new Uint32Array(0x10000);
      for (const id of labels.data) pixels[id]++;
      pixels[ignoreOf(labels.data)] = 0;
      pixels.forEach((n, id) => {
        if (n === 0) return;
        const so = support.get(id) ?? { pixels: 0, images: 0 };
        support.set(id, { pixels: so.pixels + n, images: so.images + 1 });
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
    await next(sample.id);
  }
  return support;
}
