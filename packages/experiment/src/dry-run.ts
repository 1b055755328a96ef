import { existsSync } from 'node:fs';
import { SeedTree, UserError } from '@unseen/core';
import { checkDataset, type DatasetReport, describeDataset, findSplit } from '@unseen/data';
import type { Module } from '@unseen/nn';
import { countActivations, countFlops, type Engine, type Program } from '@unseen/tensor';
import { buildBackbone } from './backbone.ts';
import { loadClassVectors } from './class-vectors.ts';
import { controlVectors } from './control.ts';
import { type FeatureSubset, storedViews } from './feature-settings.ts';
import type { Experiment } from './load.ts';
import type { PlannedStage, StageContext } from './method.ts';
import { openClassProtocol, openExperimentDataset } from './protocol.ts';
import { planTrunkInput } from './trunk-input.ts';

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
export interface DryRun {
  readonly classes: { readonly seen: number; readonly unseen: number };
  /** Images and support; a sentence instead where they are not there. */
  readonly data: { readonly train: number; readonly val: number; readonly report: DatasetReport } | string;
  /** Length of the class vectors; a sentence instead where they are not there. */
  readonly vectors: number | string;
  readonly backbone: { readonly name: string; readonly parameters: number; readonly weights: string };
  /** Of the maps that the networks behind the backbone see, [height, width, channels] by scale. */
  readonly maps: readonly (readonly [number, number, number])[];
  /** Stored features of the training and test images; null where the backbone learns from images, or without images. */
  readonly features: { readonly bytes: number; readonly flops: number; readonly seconds: number } | null;
  /** `undefined` for methods that cannot tell. */
  readonly stages: readonly StageCost[] | undefined;
}

/** Length of class vectors that are not there: that of the published tables. */
const USUAL_VECTORS = 600;

/**
 * Everything that can be known of an experiment before it runs: whether its files are there, support of each class,
 * shapes, and an estimate of memory and time from the operations that its steps will make. Nothing is trained or written.
 *
 * @param flopsPerSecond what the machine computes at most
 */
export async function dryRun({ config, method }: Experiment, engine: Engine, flopsPerSecond: number): Promise<DryRun> {
  const { split, classes, labels } = await openClassProtocol(config);
  const data = await orSentence(async () => {
    const dataset = await openExperimentDataset(config);
    const report = await checkDataset(dataset, findSplit(dataset.splits, config.data.split, dataset.name));
    return { train: dataset.train.length, val: dataset.val.length, report };
  });
  const vectors = await orSentence(async () =>
    controlVectors(config, await loadClassVectors(config, classes), split.seen.length),
  );
  const seeds = new SeedTree(config.seed);
  const input = planTrunkInput({ config, seeds });
  const { encoder } = buildBackbone(config.backbone);
  const { channels } = await input.trunk();
  const described = await describeDataset(config.data.dataset);
  const usual = config.backbone.aspp ?? USUAL_VECTORS;
  const protocol = {
    dataset: { ...described, ignore: [], train: [], val: [] },
    ...{ split, classes, labels },
    vectors: typeof vectors === 'string' ? classes.map(() => new Float32Array(usual)) : vectors,
  };
  // Of a stage's context, networks are built from these alone.
  const context = { config, seeds, engine, planned: { protocol, input } } as Partial<StageContext> as StageContext;
  const stages = await method.plan?.(config, context);
  const { weights } = config.backbone;
  const features = config.backbone.train || typeof data === 'string' ? null : featureCost(data);
  return {
    classes: { seen: split.seen.length, unseen: split.unseen.length },
    data,
    vectors: typeof vectors === 'string' ? vectors : vectors[0].length,
    backbone: {
      name: config.backbone.name,
      parameters: countParameters({ encoder }),
      weights: weights === undefined ? 'none are named' : `${weights}${existsSync(weights) ? '' : ' is not there'}`,
    },
    maps: input.grids.map(([height, width]) => [height, width, channels]),
    features: features && { ...features, seconds: features.flops / flopsPerSecond },
    stages: stages?.map((stage) => costOf(stage, flopsPerSecond)),
  };

  function featureCost(images: Readonly<Record<FeatureSubset, number>>) {
    const [{ channels: depth, stride }] = encoder.taps;
    const views = (['train', 'val'] as FeatureSubset[]).flatMap((subset) =>
      storedViews(config, subset).map(({ size }) => ({ size, count: images[subset] })),
    );
    let [bytes, flops] = [0, 0];
    for (const { size, count } of views) {
      const program: Program = {
        name: 'view',
        inputs: { view: { shape: [1, ...size, 3], dtype: 'float32' } },
        describe: (ops, { view }) => ({ outputs: { features: encoder.forward(ops, view)[0] } }),
      };
      flops += count * countFlops(program);
      bytes += count * 4 * depth * Math.ceil(size[0] / stride) * Math.ceil(size[1] / stride);
    }
    return { bytes, flops };
  }
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

function countParameters(modules: Readonly<Record<string, Module>>): number {
  const all = new Set(Object.values(modules).flatMap((module) => module.parameters()));
  return [...all].reduce((sum, { values }) => sum + values.length, 0);
}

/** A result, or why there is none in a user's words. */
async function orSentence<T>(open: () => Promise<T>): Promise<T | string> {
  return open().catch((error: unknown) => {
    if (error instanceof UserError) return error.message;
    throw error;
  });
}
