import { basename } from 'node:path';
import type { AnalysedClass, AnalysisHead } from '@unseen/analysis';
import type { ImageChoice } from './analysed-images.ts';
import type { ContextualRun } from './contextual-run.ts';

/** With fewer images a page says that its numbers are chance. */
const FEW_IMAGES = 10;

/** What every analysis of a run says of itself. */
export function headOf(
  { run, config, model }: ContextualRun,
  { subset = 'val' }: ImageChoice,
  { images, warnings }: Pick<AnalysisHead, 'images' | 'warnings'>,
): AnalysisHead {
  const few = images < FEW_IMAGES ? [`Only ${images} images were looked at: the numbers are chance.`] : [];
  return {
    run: basename(run.path),
    model,
    dataset: basename(config.data.dataset),
    subset,
    images,
    seed: config.seed,
    warnings: [...warnings, ...few],
  };
}

/** The run's classes by channel. */
export function classesOf({ run }: ContextualRun): AnalysedClass[] {
  const { classes, split } = run.protocol;
  return classes.map(({ id, name }) => ({ id, name, group: split.seen.includes(id) ? 'seen' : 'unseen' }));
}
