import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lookUp, UserError } from '@unseen/core';
import { Standardize } from '@unseen/nn';
import { type BackboneNetwork, buildBackbone, type LoadedBackbone, loadExperimentBackbone } from './backbone.ts';
import { createEngineFor } from './engine.ts';
import { type LoadOptions, loadExperiment } from './load.ts';
import type { ModelChoice, ModelContext, RunModel } from './method.ts';
import { type ClassProtocol, openClassProtocol } from './protocol.ts';
import type { BackendName, ExperimentConfig } from './schema.ts';
import { buildTrunk, type Trunk } from './trunk.ts';

/** How {@link openTrainedRun} opens. */
export interface OpenRunOptions extends LoadOptions {
  /** Told of a slower engine than the run asks for. */
  readonly warn?: (sentence: string) => void;
  /** What computes instead of the run's own backend; its settings stay as they are. */
  readonly backend?: BackendName | undefined;
}

/** A run whose training has finished, opened to segment images. Nothing in its folder is changed. */
export interface TrainedRun {
  /** Absolute. */
  readonly path: string;
  readonly config: ExperimentConfig;
  readonly protocol: ClassProtocol;
  /** Names of its models: baselines first, the method itself last. */
  readonly names: readonly string[];
  /** What its networks are loaded with, for code that looks inside them. */
  readonly context: ModelContext;
  /** As `MethodModels` says. */
  readonly protocolText: Readonly<Record<string, string>>;
  /** Opens a model; default: the method itself at the experiment's scale. */
  model(choice?: Partial<ModelChoice>): Promise<RunModel>;
  close(): void;
}

/** The path of a run folder's settings; anything else than a run folder is a {@link UserError}. */
export function runConfigPath(folder: string): string {
  const path = join(folder, 'config.yaml');
  if (existsSync(path)) return path;
  throw new UserError({
    given: `${folder} is no run folder`,
    expected: 'a folder that holds config.yaml',
    remedy: "make one with 'unseen run'",
  });
}

/** Opens a run folder to segment images with what was trained in it. */
export async function openTrainedRun(
  folder: string,
  { warn = () => {}, backend, ...load }: OpenRunOptions,
): Promise<TrainedRun> {
  const { config, method } = await loadExperiment(runConfigPath(folder), load);
  const models = method.models?.(config);
  if (!models) {
    throw new UserError({
      given: `${folder} is a run of '${method.name}', which makes no model that segments images`,
      expected: 'a run of another method',
    });
  }
  const protocol = await openClassProtocol(config);
  const engine = await createEngineFor(backend ?? config.backend, warn);
  let backbone: Promise<LoadedBackbone> | undefined;
  const context: ModelContext = {
    config,
    engine,
    file: (...parts) => resolve(folder, ...parts),
    backbone: () => {
      backbone ??= loadExperimentBackbone(config.backbone);
      return backbone;
    },
  };
  const { names, protocolText = {} } = models;
  return {
    path: resolve(folder),
    config,
    protocol,
    names,
    context,
    protocolText,
    async model({ name = names[names.length - 1], scale = 1 } = {}) {
      lookUp(Object.fromEntries(names.map((known) => [known, true])), name, 'model of this run');
      return models.open(context, { name, scale });
    },
    close: () => engine.dispose(),
  };
}

/** A run folder as a `SegmentationModel`: the model `name` of the run, by default the method itself. Dispose it when done. */
export async function loadModel(
  folder: string,
  { name, scale, ...options }: OpenRunOptions & Partial<ModelChoice>,
): Promise<RunModel> {
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

/** The path of weights that a stage must have left; a run that has not come so far is a {@link UserError}. */
export function requireStageOutput(context: ModelContext, relative: string, stage: string): string {
  const path = context.file(relative);
  if (existsSync(path)) return path;
  throw new UserError({
    given: `${context.file()} has no ${relative}: its stage '${stage}' has not finished`,
    expected: 'a finished run',
    remedy: "go on with it by 'unseen run … --resume'",
  });
}

/**
 * The backbone of a run and the trunk behind or around it, whose parts ({@link Trunk.modules}) are to be loaded from the
 * run's own checkpoint: a backbone that was trained has no weights yet, a frozen one those of the experiment's file.
 */
export async function openTrunk({
  config,
  backbone,
}: ModelContext): Promise<{ readonly backbone: BackboneNetwork; readonly trunk: Trunk }> {
  const network = config.backbone.train ? buildBackbone(config.backbone) : await backbone();
  const { encoder } = network;
  const { channels } = encoder.taps[0];
  const part = config.backbone.train ? { encoder } : { scaler: new Standardize(channels) };
  return { backbone: network, trunk: buildTrunk(config, { channels, ...part }) };
}
