import { choiceText, chooseEngine } from './engine.ts';
import type { OpenOptions } from './folder.ts';
import { openRunFolder } from './folder.ts';
import type { Experiment } from './load.ts';
import { type Progress, silentProgress } from './progress.ts';
import { type RunOptions, runStages } from './stages.ts';

/** How {@link runExperiment} runs. */
export interface ExperimentRunOptions extends OpenOptions, Pick<RunOptions, 'from' | 'signal'> {
  /** The run folder. */
  readonly out: string;
  readonly progress?: Progress;
}

/** Runs an experiment in its folder from the first stage that is not finished; gives back the folder's absolute path. */
export async function runExperiment(experiment: Experiment, options: ExperimentRunOptions): Promise<string> {
  const { out, progress = silentProgress, from, signal, resume, force } = options;
  const outputs = experiment.method.stages(experiment.config).flatMap(({ outputs = [] }) => outputs);
  const folder = await openRunFolder(out, experiment.config, { resume, force, outputs, warn: progress.warn });
  try {
    const { engine, choice } = await chooseEngine(experiment.config.backend, progress.warn);
    try {
      progress.note?.(choiceText(choice));
      await runStages(experiment.method, experiment.config, folder, { engine, choice, progress, from, signal });
    } finally {
      engine.dispose();
    }
  } finally {
    folder.close();
  }
  return folder.path;
}
