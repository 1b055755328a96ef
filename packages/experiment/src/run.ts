import type { Experiment } from './config/load.ts';
import { choiceText, chooseEngine } from './engine.ts';
import type { OpenOptions } from './folder.ts';
import { openRunFolder } from './folder.ts';
import { type RunOptions, runStages } from './pipeline/run-stages.ts';
import { type Progress, silentProgress } from './progress.ts';

/** How {@link runExperiment} runs. */
export interface ExperimentRunOptions extends OpenOptions, Pick<RunOptions, 'from' | 'signal' | 'shard'> {
  /** The run folder. */
  readonly out: string;
  readonly progress?: Progress;
}

/** Runs an experiment in its folder from the first stage that is not finished; gives back the folder's absolute path. */
export async function runExperiment(experiment: Experiment, options: ExperimentRunOptions): Promise<string> {
  const { out, progress = silentProgress, from, signal, shard, resume, force } = options;
  const outputs = experiment.method.pipeline(experiment.config).flatMap(({ makes }) => makes.files);
  const folder = await openRunFolder(out, experiment.config, { resume, force, shard, outputs, warn: progress.warn });
  try {
    const { engine, choice } = await chooseEngine(experiment.config.backend, progress.warn);
    try {
      progress.note?.(choiceText(choice));
      await runStages(experiment.method, experiment.config, folder, { engine, choice, progress, from, signal, shard });
    } finally {
      engine.dispose();
    }
  } finally {
    folder.close();
  }
  return folder.path;
}
