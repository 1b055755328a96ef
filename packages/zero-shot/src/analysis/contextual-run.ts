import type { ContextualModule } from '@unseen/contextual';
import { SeedTree, UserError } from '@unseen/core';
import {
  type BackboneNetwork,
  type ExperimentConfig,
  FeatureExtractor,
  openTrunk,
  requireStageOutput,
  sizeAtScale,
  stageWeights,
  type TrainedRun,
  type Trunk,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { ClassVectors, type FeatureGenerator } from '@unseen/synthesis';
import { cagnetMethod } from '../cagnet/cagnet.ts';
import { Cagnet } from '../cagnet/networks.ts';
import { type CagnetChoices, type CagnetConfig, chooseByProfile } from '../cagnet/settings.ts';
import { modelStages } from '../generative/pipeline.ts';
import { vectorsOf } from '../protocol/protocol.ts';

/** The networks that analyses look at. */
export interface ContextualNetworks {
  readonly contextual: Pick<ContextualModule, 'forward'>;
  readonly generator: Pick<FeatureGenerator, 'forward'>;
}

/** The networks of a finished run of CaGNet, opened to look inside. */
export interface ContextualRun {
  readonly run: TrainedRun;
  readonly config: CagnetConfig;
  readonly choices: CagnetChoices;
  /** Name of the run's model whose weights these are. */
  readonly model: string;
  /** Path of these weights. */
  readonly weights: string;
  readonly networks: ContextualNetworks;
  readonly backbone: BackboneNetwork;
  /** Behind the backbone. */
  readonly trunk: Trunk;
  /** Of the run's classes, by channel. */
  readonly vectors: readonly Float32Array[];
  /** {@link vectors} as programs look them up. */
  readonly words: ClassVectors;
  /** Gives the backbone's features of a warped image, which {@link trunk} takes. */
  readonly extractor: FeatureExtractor;
  /** Root of the seeds of analyses. */
  readonly seeds: SeedTree;
  close(): void;
}

/**
 * Opens the contextual module and the generator of a finished run, with the weights of its last model. A run whose
 * method has no contextual module is a `UserError`. The engine stays the run's.
 */
export async function openContextualRun(run: TrainedRun): Promise<ContextualRun> {
  const { context, protocol, names } = run;
  const config = requireContextual(run);
  const model = names[names.length - 1];
  const [stage] = Object.values(modelStages(cagnetMethod(config))).slice(-1);
  const weights = requireStageOutput(context, stageWeights(stage), stage);
  const choices = chooseByProfile(config.profile, config.cagnet);
  const { seen, unseen } = protocol.split;
  // Those that the run has learnt with, also where it is a control.
  const vectors = await vectorsOf(config, protocol);
  const words = new ClassVectors(vectors);
  const { backbone, trunk } = await openTrunk(context, config);
  const sizes = {
    channels: trunk.channels,
    embedding: words.dimension,
    seen: seen.length,
    unseen: unseen.length,
  };
  const networks = new Cagnet(sizes, config.cagnet.network, choices, new SeedTree(0));
  const { contextual, generator } = networks;
  await loadCheckpoint(
    weights,
    { modules: { 'cagnet.contextual': contextual, 'cagnet.generator': generator, ...trunk.modules } },
    { partial: true },
  );
  const view = { size: sizeAtScale(config, config.features.scales[0]), flip: false };
  const extractor = new FeatureExtractor(context.engine, backbone, view);
  return {
    run,
    config,
    choices,
    model,
    weights,
    networks,
    backbone,
    trunk: trunk.behindEncoder(),
    vectors,
    words,
    extractor,
    seeds: new SeedTree(config.seed).child('analysis'),
    close: () => extractor.dispose(),
  };
}

function requireContextual({ config, path }: TrainedRun): CagnetConfig {
  const known = contextualConfig(config);
  if (known?.cagnet.network.contextual.use) return known;
  throw new UserError({
    given: known
      ? `the run ${path} does without its contextual module (cagnet.network.contextual.use: false)`
      : `${path} is a run of '${config.method}', which has no contextual module`,
    expected: 'a finished run of cagnet',
  });
}

/** Settings of a method with a contextual module. */
function contextualConfig(config: ExperimentConfig): CagnetConfig | undefined {
  return 'cagnet' in config ? (config as unknown as CagnetConfig) : undefined;
}
