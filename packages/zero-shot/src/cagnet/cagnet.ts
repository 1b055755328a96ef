import { PatchHeads } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import { checkTrunkSettings, type LabelledStep, scheduledOptimizer } from '@unseen/experiment';
import { ClassVectors } from '@unseen/synthesis';
import type { GenerativeMethod, LearningStage, Networks } from '../generative/generative-method.ts';
import { generativePipeline, generativePredictors, generativeProtocol } from '../generative/pipeline.ts';
import { checkSelfTraining } from '../generative/settings.ts';
import { defineZeroShot } from '../protocol/define-zero-shot.ts';
import { probeHook } from './latent-probe.ts';
import { Cagnet, CagnetSegmenter } from './networks.ts';
import { checkJointOptimizer, jointOptimizer } from './optimizers.ts';
import { type RealStepOptions, realStep, syntheticOptions, trainedContextual } from './real-step.ts';
import { type CagnetChoices, type CagnetConfig, cagnetSettings, chooseByProfile } from './settings.ts';

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

/** Runs of equal labels that the content loss compares; a batch has many more of them than classes. */
const RUNS = 256;

/** The step on real features of a stage, as `LabelledSteps` runs it. */
function labelledStep(
  stage: LearningStage,
  { model, trunk, vectors, input, protocol }: Networks<Cagnet>,
  config: CagnetConfig,
  choices: CagnetChoices,
): LabelledStep {
  const { batch, weights } = config[stage]!;
  const { seen, unseen } = protocol.split;
  const classes = seen.length + (stage === 'selfTrain' ? unseen.length : 0);
  const { maxGroups, maxSamples } = config.cagnet.losses.mmd;
  const { content, groupBy, adversarial } = choices;
  const groups = content === 'mmd' && ([maxGroups ?? (groupBy === 'class' ? classes : RUNS), maxSamples] as const);
  const options: RealStepOptions = {
    model,
    trunk,
    vectors: stage === 'selfTrain' ? vectorsOfPseudoLabels(config, protocol, vectors) : vectors,
    choices,
    batch,
    trainContextual: stage === 'train' || stage === 'selfTrain',
    // The weight that suits the kind of content loss where the settings name none (CG-7).
    weights: { ...weights, kl: weights.kl ?? choices.kl, content: weights.content ?? (content === 'mmd' ? 50 : 10) },
    grids: input.grids,
    channels: input.channels,
    ...(input.images && { images: input.images }),
    ...(groups && { groups }),
  };
  return {
    program: (rows) => realStep({ ...options, ...(rows && { rows }) }),
    classes: vectors.classes,
    // The gradient penalty of WGAN-GP is taken per image, so it needs whole maps. Behind an encoder the rest costs so
    // little that graphs of several sizes, each with the encoder in it, are not worth their memory.
    // A classifier of patches needs the neighbours of each position.
    whole: adversarial === 'wgan-gp' || input.images !== undefined || model.heads instanceof PatchHeads,
    ...(groups && { groups: { by: groupBy, size: groups } }),
    ...(adversarial === 'wgan-gp' && {
      feeds: (random) => ({ alpha: Float32Array.from({ length: batch }, () => random.uniform()) }),
    }),
  };
}

/** Pseudo-labelled pixels are regenerated from the vectors of their classes, or, as in the released code, from 0 (ST-1). */
function vectorsOfPseudoLabels(
  { profile, selfTrain }: CagnetConfig,
  { split, vectors: rows }: Networks['protocol'],
  vectors: ClassVectors,
): ClassVectors {
  const choice = selfTrain?.unseenVectors ?? (profile === 'official' ? 'zero' : 'own');
  if (choice === 'own') return vectors;
  return new ClassVectors(rows.map((vector, c) => (c >= split.seen.length ? vector.map(() => 0) : vector)));
}
