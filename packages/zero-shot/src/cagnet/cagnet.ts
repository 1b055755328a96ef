import { SeedTree } from '@unseen/core';
import { checkTrunkSettings, groupedOptimizer, scheduledOptimizer, type Trunk, trunkGroups } from '@unseen/experiment';
import type { ParameterGroup, ScheduledOptimizer } from '@unseen/nn';
import type { Engine, Parameter } from '@unseen/tensor';
import type { GenerativeMethod } from '../generative/generative-method.ts';
import { generativePipeline, generativePredictors, generativeProtocol } from '../generative/pipeline.ts';
import { checkSelfTraining } from '../generative/settings.ts';
import { defineZeroShot } from '../protocol/define-zero-shot.ts';
import { probeHook } from './latent-probe.ts';
import { Cagnet, CagnetSegmenter } from './networks.ts';
import { labelledStep, syntheticOptions, trainedContextual } from './real-step.ts';
import {
  type CagnetConfig,
  type CagnetSettings,
  cagnetSettings,
  checkJointOptimizer,
  chooseByProfile,
} from './settings.ts';

/**
 * CaGNet, pixel-wise (Gu et al., ACM MM 2020): store the features of a frozen backbone, learn from seen classes how a
 * feature follows from its class vector and its context, then fine-tune the classifier on synthetic features of all.
 * Self-training and a second fine-tuning follow where the experiment has settings for them.
 * With `backbone.train: true` nothing is stored: the backbone learns with the other networks until the fine-tuning.
 */
export const cagnet = defineZeroShot({
  name: 'cagnet',
  summary: 'context-aware feature generation, pixel-wise (Gu et al. 2020)',
  settings: cagnetSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkJointOptimizer(config), ...checkSelfTraining(config)],
  pipeline: (config) => generativePipeline(cagnetMethod(config)),
  predictors: (config) => generativePredictors(cagnetMethod(config)),
  protocol: generativeProtocol,
  extendable: true,
});

/** CaGNet (paper §3): its networks, its steps, and who learns by which optimizer. `patch` is the side of its classifier's patches. */
export function cagnetMethod(config: CagnetConfig, patch?: number): GenerativeMethod<Cagnet> {
  const { profile, cagnet: own } = config;
  const choices = chooseByProfile(profile, own);
  const side = patch === undefined ? {} : { patch };
  return {
    name: patch === undefined ? 'cagnet' : 'cagnet-patch',
    config,
    module: 'cagnet',
    blocks: { cagnet: own },

    /** Contextual module, generator, discriminator and classifier behind the trunk (figure 2). */
    build: (sizes, seeds) => new Cagnet({ ...sizes, ...side }, own.network, choices, seeds.child('cagnet')),
    classifier: ({ heads }) => heads,

    /** Step 1 (§3.4) for all networks; fine-tuning freezes trunk and contextual module (§3.5). */
    realStep: (stage, networks) => labelledStep(stage, networks, config, choices),

    optimizers(stage, engine, { trunk, model }) {
      const { optimizers: rules, iterations } = config[stage]!;
      const joint = { trunk, contextual: trainedContextual(model, choices) };
      return {
        heads: scheduledOptimizer(engine, rules.heads, model.heads.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
        contextual: jointOptimizer(engine, rules, joint, iterations),
      };
    },

    /** Step 2 (§3.5): z ~ N(0, I) stands in for the context of synthetic features. */
    synthetic: ({ model, trunk }) => ({ latent: trunk.channels, ...syntheticOptions(model, profile) }),

    segmenter(sizes) {
      const model = new CagnetSegmenter({ ...sizes, ...side }, own.network, choices, new SeedTree(0));
      const modules = { 'cagnet.contextual': model.contextual, 'cagnet.heads': model.heads };
      return { modules, logits: (ops, h) => model.logits(ops, h) };
    },
    segmenterOf: (model) => model,
    hooks: (context, networks, batches) => [probeHook(context, networks, batches, config.train)],
  };
}

type Rules = CagnetSettings['train']['optimizers'];

/** What L_B trains: the contextual module behind a frozen trunk, or both. */
export interface JointlyTrained {
  readonly trunk: Trunk;
  /** Trained weights of the contextual module. */
  readonly contextual: readonly Parameter[];
}

/**
 * The optimizer of L_B. With a trunk that learns it is `train.optimizers.backbone`, with a learning rate for each group;
 * otherwise `train.optimizers.contextual`, of the contextual module alone.
 */
export function jointOptimizer(
  engine: Engine,
  { backbone, contextual }: Rules,
  trained: JointlyTrained,
  iterations: number,
): ScheduledOptimizer {
  if (backbone) return groupedOptimizer(engine, backbone, jointGroups(trained, backbone), iterations);
  if (contextual) return scheduledOptimizer(engine, contextual, trained.contextual, iterations);
  throw new TypeError('no optimizer for the contextual module');
}

/** The groups of {@link trunkGroups}, and the contextual module with its learning rate. */
export function jointGroups(
  { trunk, contextual }: JointlyTrained,
  settings: Pick<NonNullable<Rules['backbone']>, 'multipliers' | 'weightDecay'>,
): ParameterGroup[] {
  const { multipliers, weightDecay } = settings;
  return [
    ...trunkGroups(trunk, settings),
    { parameters: contextual, rateMultiplier: multipliers.contextual, weightDecay },
  ];
}
