import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomStream } from '@unseen/core';
import {
  checkpointHook,
  type Hook,
  isDue,
  type Losses,
  loadCheckpoint,
  type Module,
  optimizersOf,
  type Scalars,
  type ScheduledOptimizers,
  saveCheckpoint,
  TrainingLoop,
  tensorBoardHook,
} from '@unseen/nn';
import type { BatchSource } from '../batches/batch-source.ts';
import { positiveInteger } from '../config/schema.ts';
import { stageWeights, type Weights, weightsOf } from './artifacts.ts';
import {
  type BuildContext,
  defineStage,
  type Inputs,
  type Needs,
  type PlannedStage,
  type Stage,
  type StageContext,
} from './stage.ts';

/** Settings that every training stage has, for the block of a method. */
export const trainingShape = {
  iterations: positiveInteger(),
  batch: positiveInteger(),
  /** Iterations between two lines of the log. */
  logEvery: positiveInteger().default(20),
  /** Iterations between two checkpoints. */
  checkpointEvery: positiveInteger().default(200),
};

/** How long a training takes, and how often it says so. */
export interface TrainingSchedule {
  readonly iterations: number;
  readonly logEvery: number;
  readonly checkpointEvery: number;
}

/** A training: what changes while it goes, and one step of it. */
export interface Training {
  /** Everything that a checkpoint stores: networks that learn, averages of networks, and those that stay as they are. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizers: ScheduledOptimizers;
  readonly batches: BatchSource;
  /** Source of all noise of the steps. */
  readonly noise: RandomStream;
  /** One iteration (from 0) on the batch that {@link batches} holds; returns its losses. */
  step(iteration: number): Promise<Losses>;
  /** Networks that follow others, moved after each step (`MovingAverage`). */
  readonly averages?: readonly { step(iteration: number): void | Promise<void> }[];
  readonly hooks?: readonly Hook[];
  /** Metadata of the final weights. */
  readonly metadata?: Readonly<Record<string, string>>;
  close?(): Promise<void> | void;
}

/** Options of {@link trainStage}. */
export interface TrainStageOptions<N extends Needs> {
  readonly name: string;
  readonly settings: unknown;
  readonly needs?: N;
  readonly schedule: TrainingSchedule;
  /** Networks with their initial weights, data, optimizers, and the step. */
  build(context: StageContext, inputs: Inputs<N>): Promise<Training>;
  plan?(context: BuildContext): Promise<PlannedStage | undefined>;
}

/** A stage that trains networks and leaves their weights. */
export function trainStage<const N extends Needs>(options: TrainStageOptions<N>): Stage<Weights> {
  const { name, settings, needs, schedule, build, plan } = options;
  return defineStage<N, Weights>({
    name,
    settings,
    ...(needs && { needs }),
    makes: weightsOf(name),
    run: async (context, inputs) => {
      const opened: (() => Promise<void>)[] = [];
      const atEnd = (close: () => Promise<void>) => void opened.push(close);
      try {
        await runTraining(context, name, schedule, await build({ ...context, atEnd }, inputs));
      } finally {
        for (const close of opened) await close();
      }
    },
    ...(plan && { plan }),
  });
}

/** Streams of a training stage: of its batches, and of the noise of its steps. */
export function trainingStreams(seeds: StageContext['seeds'], stage: string) {
  return { batches: seeds.child(stage).child('batches').stream(), noise: seeds.child(`${stage}/noise`).stream() };
}

/**
 * Runs a training inside a stage: resumes from the stage's newest checkpoint, writes losses to the log and to TensorBoard,
 * reports progress, checkpoints, leaves the final weights at `stageWeights(stage)`, and closes the training.
 */
export async function runTraining(
  context: StageContext,
  stage: string,
  schedule: TrainingSchedule,
  training: Training,
): Promise<void> {
  try {
    const { modules, metadata } = training;
    const path = context.folder.file(stageWeights(stage));
    await train(context, stage, schedule, training);
    await saveCheckpoint(path, { modules }, { engine: context.engine, ...(metadata && { metadata }) });
  } finally {
    await training.close?.();
  }
}

async function train(
  context: StageContext,
  stage: string,
  { iterations, logEvery, checkpointEvery }: TrainingSchedule,
  { modules, optimizers, batches, noise, step, averages = [], hooks = [] }: Training,
): Promise<void> {
  const { engine, folder, log, signal } = context;
  const latest = join(context.checkpoints, 'latest.safetensors');
  const parts = { modules, optimizers: optimizersOf(optimizers), streams: { noise } };
  let start = 0;
  if (context.resume && existsSync(latest)) {
    const position = (await loadCheckpoint(latest, parts, { onPrevious: context.progress.warn })).position as {
      iteration: number;
      batches: unknown;
    };
    start = position.iteration;
    batches.position = position.batches;
  }
  await log.rewind(start);
  const save = async (iteration: number) => {
    const position = { iteration, batches: batches.position };
    await saveCheckpoint(latest, parts, { engine, position, keepPrevious: true });
    return latest;
  };
  const resumed = start > 0 && { resumed: { path: latest, iteration: start } };
  const loop = new TrainingLoop({
    iterations,
    start,
    step: async (iteration) => {
      await batches.advance();
      const losses = await step(iteration);
      for (const average of averages) await average.step(iteration);
      return losses;
    },
    // A device would have to finish at every step; on the host, losses are there already.
    reads: (event) => !engine.device || isDue(event, logEvery) || isDue(event, checkpointEvery),
    hooks: [
      logHook(context, logEvery),
      tensorBoardHook({ folder: folder.path, every: logEvery, prefix: stage }),
      checkpointHook({ every: checkpointEvery, save, ...resumed }),
      ...hooks,
    ],
    signal,
  });
  await loop.run();
  signal.throwIfAborted();
}

/** Writes `{iteration, losses}` lines to the run's log and shows the progress. */
function logHook(context: StageContext, every: number): Hook {
  return {
    async onStep({ iteration, iterations, scalars }) {
      await context.progress.update(iteration, iterations, summary(scalars));
    },
    onScalars(event) {
      const { iteration, group, scalars } = event;
      if (group === 'train') {
        if (isDue(event, every)) context.log({ iteration, losses: scalars });
      } else {
        context.log({ iteration, group, losses: scalars });
      }
    },
  };
}

function summary(scalars: Scalars): string {
  const shown = Object.entries(scalars).slice(0, 3);
  return shown.map(([name, value]) => `${name} ${value.toPrecision(3)}`).join('  ');
}
