import {
  type FeatureBatches,
  openProtocol,
  openTrunkInput,
  type StageContext,
  type Trunk,
  type TrunkInput,
  type ZeroShotProtocol,
} from '@unseen/experiment';
import type { Module } from '@unseen/nn';
import { ClassVectors } from './class-vectors.ts';
import { Cagnet } from './model.ts';
import type { RealStepOptions } from './real-step.ts';
import { type CagnetChoices, type CagnetSettings, chooseByProfile, type RealWeights } from './settings.ts';

/** A checked configuration of this method. */
export type CagnetConfig = StageContext['config'] & CagnetSettings;

/** The networks of a run: what makes the feature map, and what learns from it. */
export interface CagnetNetworks {
  readonly trunk: Trunk;
  readonly model: Cagnet;
}

/** What every stage that learns or segments works with; the networks are freshly initialised from the run's seeds. */
export interface CagnetSetup extends CagnetNetworks {
  readonly config: CagnetConfig;
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
  readonly vectors: ClassVectors;
  readonly choices: CagnetChoices;
  /** Another, independent set of networks. */
  fresh(): Promise<CagnetNetworks>;
}

/** Networks by name, as checkpoints store them. */
export function networkModules({ trunk, model }: CagnetNetworks): Readonly<Record<string, Module>> {
  return { cagnet: model, ...trunk.modules };
}

/** Opens the protocol and the stored features (or the images), and builds the networks. */
export async function setUp(context: StageContext, config: CagnetConfig): Promise<CagnetSetup> {
  const protocol = await openProtocol(config);
  const input = await openTrunkInput(context, protocol);
  const { seen, unseen } = protocol.split;
  const choices = chooseByProfile(config.profile, config.cagnet);
  const vectors = new ClassVectors(protocol.vectors);
  const sizes = { embedding: vectors.dimension, seen: seen.length, unseen: unseen.length };
  const fresh = async () => {
    const trunk = await input.trunk();
    const { channels } = trunk;
    const model = new Cagnet({ ...sizes, channels }, config.cagnet.network, choices, context.seeds.child('cagnet'));
    return { trunk, model };
  };
  return { config, protocol, input, vectors, choices, fresh, ...(await fresh()) };
}

/** Runs of equal labels that the content loss compares; a batch has many more of them than classes. */
const RUNS = 256;

/** Options of a step on real features: what the stages share and what they choose. */
export function realOptions(
  { model, trunk, vectors, choices, input, config, protocol }: CagnetSetup,
  stage: { readonly batch: number; readonly weights: RealWeights; readonly trainContextual: boolean },
): RealStepOptions {
  const { batch, weights, trainContextual } = stage;
  const { maxGroups, maxSamples } = config.cagnet.losses.mmd;
  const usualGroups = choices.groupBy === 'class' ? protocol.split.seen.length : RUNS;
  return {
    model,
    trunk,
    vectors,
    choices,
    batch,
    trainContextual,
    weights: {
      ...weights,
      kl: weights.kl ?? choices.kl,
      // The weight that suits the kind of content loss where the settings name none (CG-7).
      content: weights.content ?? (choices.content === 'mmd' ? 50 : 10),
    },
    grids: input.grids,
    channels: input.channels,
    ...(input.images && { images: input.images }),
    ...(choices.content === 'mmd' && { groups: [maxGroups ?? usualGroups, maxSamples] as const }),
  };
}

/** Batches of the training features (or of crops), with labels of seen classes only. */
export function seenBatches(
  context: StageContext,
  { input }: CagnetSetup,
  batch: number,
  stage: string,
): FeatureBatches {
  return input.batches({ batch, random: context.seeds.child(stage).child('batches').stream() });
}
