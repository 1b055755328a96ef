import { WordVectorProjection } from '@unseen/classifier';
import type { SeedTree } from '@unseen/core';
import {
  openProtocol,
  openTrunkInput,
  type StageContext,
  type Trunk,
  type TrunkInput,
  type ZeroShotProtocol,
} from '@unseen/experiment';
import type { Module } from '@unseen/nn';
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

/** Opens the stored features (or the images), and builds the networks; default: on the protocol of the experiment. */
export async function setUp(
  context: StageContext,
  config: SpnetConfig,
  options: { readonly protocol?: ZeroShotProtocol; readonly seeds?: SeedTree } = {},
): Promise<SpnetSetup> {
  const { protocol = await openProtocol(config), seeds = context.seeds } = options;
  const input = await openTrunkInput(context, protocol);
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
