import { SeedTree, UserError } from '@unseen/core';
import { checkDataset, type DatasetReport } from '@unseen/data';
import type { Module } from '@unseen/nn';
import { countActivations, countFlops, type Engine } from '@unseen/tensor';
import { openExperimentDataset } from './classes.ts';
import type { Experiment } from './config/load.ts';
import type { Overview } from './pipeline/method.ts';
import type { PlannedStage } from './pipeline/stage.ts';

/** What a training stage will cost. */
export interface StageCost {
  readonly stage: string;
  readonly iterations: number;
  /** Of convolutions and matrix products of a mean iteration, gradients included. */
  readonly flops: number;
  /** At the speed of the machine's best matrix product. */
  readonly seconds: number;
  /** Bytes of the values that the largest step makes in its forward pass. */
  readonly activations: number;
  readonly parameters: number;
}

/** What {@link dryRun} found. */
export interface DryRun extends Overview {
  /** Images and support; a sentence instead where they are not there. */
  readonly data: { readonly train: number; readonly val: number; readonly report: DatasetReport } | string;
  /** Training stages that can tell; others are left out. */
  readonly stages: readonly StageCost[];
}

/**
 * Everything that can be known of an experiment before it runs: whether its files are there, support of each class,
 * shapes, and an estimate of memory and time from the operations that its steps will make. Nothing is trained or written.
 *
 * @param flopsPerSecond what the machine computes at most
 */
export async function dryRun({ config, method }: Experiment, engine: Engine, flopsPerSecond: number): Promise<DryRun> {
  const { split } = await method.classes(config);
  const data = await orSentence(async () => {
    const dataset = await openExperimentDataset(config);
    return { train: dataset.train.length, val: dataset.val.length, report: await checkDataset(dataset, split) };
  });
  const context = { seeds: new SeedTree(config.seed), engine, planned: true } as const;
  const planned: PlannedStage[] = [];
  for (const stage of method.pipeline(config)) {
    const found = await stage.plan?.(context);
    if (found) planned.push(found);
  }
  const counts = typeof data === 'string' ? undefined : { train: data.train, val: data.val };
  const overview = await method.overview?.(config, { flopsPerSecond, images: counts });
  return { ...overview, data, stages: planned.map((stage) => costOf(stage, flopsPerSecond)) };
}

function costOf({ stage, iterations, modules, steps }: PlannedStage, flopsPerSecond: number): StageCost {
  const flops = steps.reduce((sum, { program, share }) => sum + share * countFlops(program), 0);
  return {
    stage,
    iterations,
    flops,
    seconds: (iterations * flops) / flopsPerSecond,
    activations: Math.max(...steps.map(({ program }) => countActivations(program))),
    parameters: countParameters(modules),
  };
}

/** Weights of some networks, running statistics left out; shared ones count once. */
export function countParameters(modules: Readonly<Record<string, Module>>): number {
  const all = new Set(Object.values(modules).flatMap((module) => module.parameters()));
  return [...all].reduce((sum, { values }) => sum + values.length, 0);
}

/** A result, or why there is none in a user's words. */
export async function orSentence<T>(open: () => Promise<T>): Promise<T | string> {
  return open().catch((error: unknown) => {
    if (error instanceof UserError) return error.message;
    throw error;
  });
}
