import { WordVectorProjection } from '@unseen/classifier';
import type { SeedTree } from '@unseen/core';
import {
  groupedOptimizer,
  LabelledSteps,
  type StageContext,
  type Training,
  type Trunk,
  type TrunkInput,
  trainingStreams,
  trunkGroups,
} from '@unseen/experiment';
import type { Module } from '@unseen/nn';
import type { ZeroShotProtocol } from '../protocol/protocol.ts';
import { type ProjectionStepOptions, projectionStep } from './projection-step.ts';
import type { SpnetConfig } from './settings.ts';

/** The networks of SPNet (paper, figure 2) with what they learn from. */
export interface SpnetNetworks {
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
  readonly trunk: Trunk;
  readonly head: WordVectorProjection;
}

/** What is opened, and a projection with its initial weights. */
export async function buildProjection(
  { spnet: { projection } }: Pick<SpnetConfig, 'spnet'>,
  { protocol, input }: Pick<SpnetNetworks, 'protocol' | 'input'>,
  seeds: SeedTree,
): Promise<SpnetNetworks> {
  const trunk = await input.trunk();
  const { vectors } = protocol;
  const head = new WordVectorProjection({ features: trunk.channels, vectors, projection, seeds: seeds.child('spnet') });
  return { protocol, input, trunk, head };
}

/**
 * Trains the networks on their protocol's seen classes, as the settings under `train` say. `dispose` ends the steps alone,
 * `close` the input too.
 */
export function projectionTraining(
  { engine }: Pick<StageContext, 'engine'>,
  stage: string,
  config: Pick<SpnetConfig, 'spnet' | 'train'>,
  networks: SpnetNetworks,
  seeds: SeedTree,
): Training & { dispose(): void } {
  const { input, trunk, head } = networks;
  const { iterations, batch, optimizer: rule } = config.train;
  const groups = [...trunkGroups(trunk, rule), { parameters: head.parameters(), weightDecay: rule.weightDecay }];
  const optimizers = { classify: groupedOptimizer(engine, rule, groups, iterations) };
  const options = stepOptions(config, networks);
  const step = {
    program: (rows: readonly number[] | undefined) => projectionStep({ ...options, ...(rows && { rows }) }),
    classes: options.seen,
    whole: input.grids.length > 1 || input.images !== undefined,
  };
  const steps = new LabelledSteps(engine, step, optimizers);
  const streams = trainingStreams(seeds, stage);
  const batches = input.batches({ batch, random: streams.batches });
  return {
    modules: networkModules(networks),
    optimizers,
    batches,
    noise: streams.noise,
    metadata: { dimension: String(head.vectors.shape[1]) },
    step: (iteration) => steps.run(batches, iteration, streams.noise),
    dispose: () => steps.dispose(),
    close: async () => {
      steps.dispose();
      await input.close();
    },
  };
}

/** Networks by name, as checkpoints store them. */
export function networkModules({
  trunk,
  head,
}: Pick<SpnetNetworks, 'trunk' | 'head'>): Readonly<Record<string, Module>> {
  return { spnet: head, ...trunk.modules };
}

/** Options of a step on the networks. */
export function stepOptions(
  { spnet: { scaleLosses }, train }: Pick<SpnetConfig, 'spnet' | 'train'>,
  { input, trunk, head, protocol }: SpnetNetworks,
): ProjectionStepOptions {
  const { grids, channels, images } = input;
  const seen = protocol.split.seen.length;
  return { trunk, head, batch: train.batch, seen, scaleLosses, grids, channels, ...(images && { images }) };
}
