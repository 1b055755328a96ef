import { type Dataset, ignoreOf, type Sample, UserError, type ZeroShotSplit } from '@unseen/core';
import {
  addMask,
  type ClassSupport,
  classSupport,
  type Support,
  untestedUnseen,
  untrainedSeen,
} from './class-support.ts';
import { findSplit } from './contiguous-labels.ts';
import { idsInBoth } from './doctor/checks/lists.ts';
import { countValues } from './doctor/mask-facts.ts';

/** What {@link checkDataset} found. */
export interface DatasetReport {
  readonly support: readonly ClassSupport[];
  /** What would make training or scoring wrong, one sentence each, including {@link missing}. */
  readonly problems: readonly string[];
  /** The problems about classes without a pixel where they need one; of subsets with a file that cannot be read there are none. */
  readonly missing: readonly string[];
}

/** Options of {@link checkDataset}. */
export interface CheckOptions {
  /** Called after each mask. */
  readonly onMask?: (done: number, id: string) => Promise<void> | void;
}

/**
 * Reads every mask of a dataset, counts each class and lists what would go wrong with a split: unusable masks, unseen classes without a test pixel, seen classes without a training pixel, images in both subsets.
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
  const support = classSupport(dataset.classes, chosen, train.support, val.support);
  // What a file that cannot be read would have shown is unknown.
  const lacking = new Set([
    ...(val.isWhole ? untestedUnseen(support) : []),
    ...(train.isWhole ? untrainedSeen(support) : []),
  ]);
  const missing = support
    .filter((row) => lacking.has(row))
    .map(
      ({ id, name, group }) =>
        `${group} class '${name}' (${id}) has no ${group === 'seen' ? 'training' : 'test'} pixel`,
    );
  problems.push(...missing);
  for (const subset of ['train', 'val'] as const) {
    if (dataset[subset].length === 0) problems.push(`the subset '${subset}' is empty`);
  }
  const both = idsInBoth(dataset.train, dataset.val);
  if (both.length > 0)
    problems.push(
      `${both.length === 1 ? '1 image is' : `${both.length} images are`} in both subsets; the first is '${both[0]}'`,
    );
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
    given: `dataset ${name} cannot be used:\n  ${found.join('\n  ')}`,
    remedy: "fix the files, the lists or the split; 'unseen dataset doctor' names the files and the fixes",
  });
}

/** The error about classes that lack pixels, where nothing else is wrong, with the likely reason. */
export function missingClasses({ missing, support }: DatasetReport, name: string): UserError {
  const present = support.filter(({ train, val }) => train.pixels + val.pixels > 0);
  const isBinary = present.length < 2 && support.length > 1;
  return new UserError({
    given: `dataset ${name} lacks what the experiment needs:\n  ${missing.join('\n  ')}`,
    remedy: isBinary
      ? "look at the values of the masks ('unseen dataset doctor' lists them): if 255 stands for a class, say so with 'map' in the dataset's YAML"
      : "use more images or another split, or set 'data.allowMissing: true' to leave these classes out of the means",
  });
}

/** Support of the labelled values of all readable masks; the others become problems. */
async function count(
  samples: readonly Sample[],
  problems: string[],
  next: (id: string) => Promise<void> | void,
): Promise<{ readonly support: ReadonlyMap<number, Support>; readonly isWhole: boolean }> {
  let isWhole = true;
  const support = new Map<number, Support>();
  for (const sample of samples) {
    try {
      const labels = await sample.mask?.();
      if (labels) {
        const labelled = countValues(labels.data).filter(([value]) => value !== ignoreOf(labels.data));
        addMask(support, labelled);
      } else problems.push(`image '${sample.id}' has no mask`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
      isWhole = false;
    }
    await next(sample.id);
  }
  return { support, isWhole };
}
