import { type Dataset, UserError, type ZeroShotSplit } from '@unseen/core';
import { checkDataset, type DatasetReport, findSplit, requireNoProblems } from '@unseen/data';
import type { Stage, StageContext } from './method.ts';
import { openExperimentDataset } from './protocol.ts';

/** Looks at every mask before hours of training are spent; for methods that store no features first. */
export function checkStage(): Stage {
  return {
    name: 'check',
    uses: ['data'],
    run: async (context) => {
      const { data } = context.config;
      const dataset = await openExperimentDataset(context.config);
      const total = dataset.train.length + dataset.val.length;
      await requireUsable(context, dataset, findSplit(dataset.splits, data.split, dataset.name), total);
    },
  };
}

/** Looks at every mask of a dataset, as the first of `total` pieces of work; what makes it useless is a `UserError`. */
export async function requireUsable(
  { config, progress, signal }: StageContext,
  dataset: Dataset,
  split: ZeroShotSplit,
  total: number,
): Promise<void> {
  const { allowMissing = false } = config.data;
  const report = await checkDataset(dataset, split, {
    onMask: async (done) => {
      await progress.update(done, total, 'checking masks');
      signal.throwIfAborted();
    },
  });
  if (allowMissing) for (const sentence of report.missing) progress.warn(sentence);
  else if (report.problems.length > 0 && report.problems.length === report.missing.length)
    throw missingClasses(report, dataset);
  requireNoProblems(report, dataset.name, { allowMissing });
}

function missingClasses({ missing }: DatasetReport, { name }: Dataset): UserError {
  return new UserError({
    given: `dataset ${name} lacks what the experiment needs:\n  ${missing.join('\n  ')}`,
    remedy:
      "use more images or another split, or set 'data.allowMissing: true' to leave these classes out of the means",
  });
}
