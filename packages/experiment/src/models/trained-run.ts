import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lookUp, UserError } from '@unseen/core';
import type { ClassProtocol } from '../classes.ts';
import { type LoadOptions, loadExperiment } from '../config/load.ts';
import type { BackendName, ExperimentConfig } from '../config/schema.ts';
import { createEngineFor } from '../engine.ts';
import type { Method, ModelContext, Predictor, ScorePredictor } from '../pipeline/method.ts';
import { modelContext } from './model-context.ts';

/** How {@link openTrainedRun} opens. */
export interface OpenRunOptions extends LoadOptions {
  /** Told of a slower engine than the run asks for. */
  readonly warn?: (sentence: string) => void;
  /** What computes instead of the run's own backend; its settings stay as they are. */
  readonly backend?: BackendName | undefined;
}

/** Which predictor of a run, and how large it sees images. */
export interface PredictorChoice {
  /** One of {@link TrainedRun.names}. Default: the method itself. */
  readonly name?: string;
  /** Relative to the size to which the experiment warps images. Default: 1. */
  readonly scale?: number;
}

/** A run whose training has finished, opened to predict with. Nothing in its folder is changed. */
export interface TrainedRun {
  /** Absolute. */
  readonly path: string;
  readonly config: ExperimentConfig;
  readonly method: Method;
  readonly protocol: ClassProtocol;
  /** Names of its predictors: baselines first, the method itself last. */
  readonly names: readonly string[];
  /** What its networks are loaded with, for code that looks inside them. */
  readonly context: ModelContext;
  predictor(choice?: PredictorChoice): Promise<Predictor>;
  /** {@link predictor} that scores classes; one that finds objects is a `UserError`. */
  model(choice?: PredictorChoice): Promise<ScorePredictor>;
  close(): void;
}

/** The path of a run folder's settings; anything else than a run folder is a {@link UserError}. */
export function runConfigPath(folder: string): string {
  const path = join(folder, 'config.yaml');
  if (existsSync(path)) return path;
  throw new UserError({
    given: `${folder} is not a run folder`,
    expected: 'a folder that holds config.yaml',
    remedy: "make one with 'unseen run'",
  });
}

/** Opens a run folder to predict with what was trained in it. */
export async function openTrainedRun(
  folder: string,
  { warn = () => {}, backend, ...load }: OpenRunOptions,
): Promise<TrainedRun> {
  const { config, method } = await loadExperiment(runConfigPath(folder), load);
  const predictors = method.predictors(config);
  const names = Object.keys(predictors);
  if (names.length === 0) {
    throw new UserError({
      given: `${folder} is a run of '${method.name}', which leaves no model to predict with`,
      expected: 'a run of another method',
    });
  }
  const protocol = await method.classes(config);
  const engine = await createEngineFor(backend ?? config.backend, warn, config);
  const path = resolve(folder);
  const context = modelContext({ engine, file: (...parts) => join(path, ...parts) });
  const predictor = ({ name = names[names.length - 1], scale = 1 }: PredictorChoice = {}) =>
    lookUp(predictors, name, 'model of this run')(context, { scale });
  return {
    path,
    config,
    method,
    protocol,
    names,
    context,
    predictor,
    async model(choice) {
      const opened = await predictor(choice);
      if (opened.output === 'scores') return opened;
      opened.dispose();
      throw new UserError({
        given: `a model of ${folder} that finds objects`,
        expected: 'one that scores the classes of each pixel',
      });
    },
    close: () => engine.dispose(),
  };
}

/** A run folder as a `SegmentationModel`: by default the method itself. Dispose it when done. */
export async function loadModel(
  folder: string,
  { name, scale, ...options }: OpenRunOptions & PredictorChoice,
): Promise<ScorePredictor> {
  const run = await openTrainedRun(folder, options);
  try {
    const model = await run.model({ ...(name !== undefined && { name }), ...(scale !== undefined && { scale }) });
    return {
      ...model,
      dispose() {
        model.dispose();
        run.close();
      },
    };
  } catch (error) {
    run.close();
    throw error;
  }
}
