import { WordVectorProjection } from '@unseen/classifier';
import type { SeedTree } from '@unseen/core';
import {
  openInput,
  openTrunkInput,
  type StageContext,
  type Trunk,
  type TrunkInput,
  type ZeroShotProtocol,
} from '@unseen/experiment';
import type { Module } from '@unseen/nn';
import type { ProjectionStepOptions } from './projection-step.ts';
import type { SpnetSettings } from './settings.ts';

/** A checked configuration of this method. */
export type SpnetConfig = StageContext['config'] & SpnetSettings;

/** The networks of a run: what makes the feature map, and the projection behind it. */
export interface SpnetNetworks {
  readonly trunk: Trunk;
  readonly head: WordVectorProjection;
}

/** What every stage that learns or segments works with; the networks are freshly initialised from the seeds. */
export interface SpnetSetup extends SpnetNetworks {
  readonly config: SpnetConfig;
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
}

/** Networks by name, as checkpoints store them. */
export function networkModules({ trunk, head }: SpnetNetworks): Readonly<Record<string, Module>> {
  return { spnet: head, ...trunk.modules };
}

/** Options of a step on the networks of a setup. */
export function stepOptions({ config, input, trunk, head, protocol }: SpnetSetup): ProjectionStepOptions {
  return {
    trunk,
    head,
    batch: config.train.batch,
    seen: protocol.split.seen.length,
    scaleLosses: config.spnet.scaleLosses,
    grids: input.grids,
    channels: input.channels,
    ...(input.images && { images: input.images }),
  };
}

/** Opens the stored features (or the images), and builds the networks; default: on the protocol of the experiment. */
export async function setUp(
  context: StageContext,
  config: SpnetConfig,
  options: { readonly protocol?: ZeroShotProtocol; readonly seeds?: SeedTree } = {},
): Promise<SpnetSetup> {
  const { seeds = context.seeds } = options;
  const { protocol, input } = options.protocol
    ? { protocol: options.protocol, input: await openTrunkInput(context, options.protocol) }
    : await openInput(context);
  const trunk = await input.trunk();
  const { projection } = config.spnet;
  const head = new WordVectorProjection({
    features: trunk.channels,
    vectors: protocol.vectors,
    projection,
    seeds: seeds.child('spnet'),
  });
  return { config, protocol, input, trunk, head };
}
