import {
  FeatureBatches,
  type FeatureStores,
  openFeatures,
  openProtocol,
  type StageContext,
  type ZeroShotProtocol,
} from '@unseen/experiment';
import { Standardize } from '@unseen/nn';
import { ClassVectors } from './class-vectors.ts';
import { Cagnet } from './model.ts';
import type { RealStepOptions } from './real-step.ts';
import { type CagnetChoices, type CagnetSettings, chooseByProfile, type RealWeights } from './settings.ts';

/** A checked configuration of this method. */
export type CagnetConfig = StageContext['config'] & CagnetSettings;

/** The networks of a run with the statistics that bring stored features into their range. */
export interface CagnetNetworks {
  readonly model: Cagnet;
  readonly scaler: Standardize;
}

/** What every stage behind the features works with; the networks are freshly initialised from the run's seeds. */
export interface CagnetSetup extends CagnetNetworks {
  readonly config: CagnetConfig;
  readonly protocol: ZeroShotProtocol;
  readonly features: FeatureStores;
  readonly vectors: ClassVectors;
  readonly choices: CagnetChoices;
  /** Another, independent set of networks. */
  fresh(): CagnetNetworks;
}

/** Opens the protocol and the stored features, and builds the networks. */
export async function setUp(context: StageContext, config: CagnetConfig): Promise<CagnetSetup> {
  const protocol = await openProtocol(config);
  const features = await openFeatures(context, protocol.split);
  const { channels, statistics } = features;
  const { seen, unseen } = protocol.split;
  const choices = chooseByProfile(config.profile, config.cagnet);
  const vectors = new ClassVectors(protocol.vectors);
  const sizes = { channels, embedding: vectors.dimension, seen: seen.length, unseen: unseen.length };
  const fresh = () => ({
    model: new Cagnet(sizes, config.cagnet.network, choices, context.seeds.child('cagnet')),
    scaler: new Standardize(channels, config.backbone.standardize ? statistics : undefined),
  });
  return { config, protocol, features, vectors, choices, fresh, ...fresh() };
}

/** Runs of equal labels that the content loss compares; a batch has many more of them than classes. */
const RUNS = 256;

/** Options of a step on real features: what the stages share and what they choose. */
export function realOptions(
  { model, scaler, vectors, choices, features, config, protocol }: CagnetSetup,
  stage: { readonly batch: number; readonly weights: RealWeights; readonly trainContextual: boolean },
): RealStepOptions {
  const { batch, weights, trainContextual } = stage;
  const { maxGroups, maxSamples } = config.cagnet.losses.mmd;
  const usualGroups = choices.groupBy === 'class' ? protocol.split.seen.length : RUNS;
  return {
    model,
    scaler,
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
    grids: features.train.map(({ grid }) => grid),
    channels: features.channels,
    ...(choices.content === 'mmd' && { groups: [maxGroups ?? usualGroups, maxSamples] as const }),
  };
}

/** Batches of the training features, with labels of seen classes only. */
export function seenBatches(context: StageContext, { features, protocol }: CagnetSetup, batch: number, stage: string) {
  return new FeatureBatches({
    sources: features.train,
    batch,
    classes: protocol.split.seen.length,
    random: context.seeds.child(stage).child('batches').stream(),
  });
}
