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
  type Optimizer,
  type Scalars,
  saveCheckpoint,
  TrainingLoop,
  tensorBoardHook,
} from '@unseen/nn';
import type { BatchPosition, FeatureBatches } from './feature-batches.ts';
import type { StageContext } from './method.ts';

/** A training that a stage runs: what changes while it goes, and one step of it. */
export interface StageTraining {
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizers: Readonly<Record<string, Optimizer>>;
  /** Source of all noise of the steps. */
  readonly random: RandomStream;
  readonly batches: Pick<FeatureBatches, 'position' | 'advance'>;
  readonly iterations: number;
  readonly logEvery: number;
  readonly checkpointEvery: number;
  /** One iteration (from 0) on the batch that {@link batches} holds; returns its losses. */
  readonly step: (iteration: number) => Promise<Losses>;
  readonly hooks?: readonly Hook[];
  /** Metadata of the final weights. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where the final weights of a stage lie, relative to the run folder. */
export function stageWeights(stage: string): string {
  return join('checkpoints', `${stage}.safetensors`);
}

/**
 * Runs a training inside a stage: resumes from the stage's newest checkpoint, writes losses to the log and to
 * TensorBoard, reports progress, checkpoints, and leaves the final weights at {@link stageWeights}.
 */
export async function runTraining(context: StageContext, stage: string, training: StageTraining): Promise<void> {
  const { modules, optimizers, random, batches, iterations } = training;
  const latest = join(context.checkpoints, 'latest.safetensors');
  const parts = { modules, optimizers, streams: { noise: random } };
  let start = 0;
  if (context.resume && existsSync(latest)) {
    const { warn } = context.progress;
    const position = (await loadCheckpoint(latest, parts, { onPrevious: warn })).position as {
      iteration: number;
      batches: BatchPosition;
    };
    start = position.iteration;
    batches.position = position.batches;
  }
  await context.log.rewind(start);
  const save = async (iteration: number) => {
    const position = { iteration, batches: batches.position };
    await saveCheckpoint(latest, parts, { engine: context.engine, position, keepPrevious: true });
    return latest;
  };
  const loop = new TrainingLoop({
    iterations,
    start,
    step: async (iteration) => {
      await batches.advance();
      return training.step(iteration);
    },
    // A device would have to finish at every step; on the host, losses are there already.
    reads: (event) =>
      !context.engine.device || isDue(event, training.logEvery) || isDue(event, training.checkpointEvery),
    hooks: [
      logHook(context, training.logEvery),
      tensorBoardHook({ folder: context.folder.path, every: training.logEvery, prefix: stage }),
      checkpointHook({
        every: training.checkpointEvery,
        save,
        ...(start > 0 && { resumed: { path: latest, iteration: start } }),
      }),
      ...(training.hooks ?? []),
    ],
    signal: context.signal,
  });
  await loop.run();
  context.signal.throwIfAborted();
  const { metadata } = training;
  await saveCheckpoint(
    context.folder.file(stageWeights(stage)),
    { modules },
    { engine: context.engine, ...(metadata && { metadata }) },
  );
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
