import type { ZeroShotSplit } from '@unseen/core';
import { checkDataset, type DatasetReport, missingClasses, requireNoProblems } from '@unseen/data';
import { type DatasetProtocol, openExperimentDataset } from '../classes.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import { type JsonFile, jsonFile } from './artifacts.ts';
import { defineStage, type Stage } from './stage.ts';

/** What {@link checkStage} leaves: pixels and images of each class. */
export type CheckedDataset = Pick<DatasetReport, 'support' | 'missing'>;

/** Options of {@link checkStage}. */
export interface CheckStageOptions {
  readonly data: ExperimentConfig['data'] & { readonly split?: string; readonly allowMissing?: boolean | undefined };
  /** The classes that have to be there. */
  split(dataset: DatasetProtocol['dataset']): ZeroShotSplit;
}

/** Looks at every mask before hours of computation are spent; what makes the dataset useless is a `UserError`. */
export function checkStage({ data, split }: CheckStageOptions): Stage<JsonFile<CheckedDataset>> {
  const { dataset, root, train, val, split: name, allowMissing = false } = data;
  const makes = jsonFile<CheckedDataset>('dataset.json');
  return defineStage({
    name: 'check',
    settings: { dataset, root, train, val, split: name, allowMissing },
    makes,
    run: async ({ folder, progress, signal }) => {
      const opened = await openExperimentDataset({ data });
      const total = opened.train.length + opened.val.length;
      const report = await checkDataset(opened, split(opened), {
        onMask: async (done) => {
          await progress.update(done, total, 'checking masks');
          signal.throwIfAborted();
        },
      });
      if (allowMissing) for (const sentence of report.missing) progress.warn(sentence);
      else if (report.problems.length > 0 && report.problems.length === report.missing.length)
        throw missingClasses(report, opened.name);
      requireNoProblems(report, opened.name, { allowMissing });
      const { support, missing } = report;
      await makes.open(folder).write({ support, missing });
    },
  });
}
