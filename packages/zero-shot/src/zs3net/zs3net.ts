import type { PixelClassifier } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import {
  checkTrunkSettings,
  groupedOptimizer,
  isTrunkTrained,
  type LabelledStep,
  type Segmenter,
  type SettingProblem,
  scheduledOptimizer,
  trunkGroups,
} from '@unseen/experiment';
import type { GenerativeMethod, LearningStage, Networks } from '../generative/generative-method.ts';
import { generativePipeline, generativePredictors, generativeProtocol } from '../generative/pipeline.ts';
import { checkSelfTraining } from '../generative/settings.ts';
import { defineZeroShot } from '../protocol/define-zero-shot.ts';
import { Zs3Net, zs3netClassifier } from './networks.ts';
import { zs3netRealStep } from './real-step.ts';
import { chooseZs3Net, type Zs3NetChoices, type Zs3NetConfig, zs3netSettings } from './settings.ts';

/**
 * ZS3Net (Bucher et al., NeurIPS 2019) as the comparison tables of CaGNet have it: without background, on the features and
 * with the classifier of CaGNet, but with a generator that knows no context and matches moments only.
 * Self-training (ZS5Net) and a second fine-tuning follow where the experiment has settings for them.
 */
export const zs3net = defineZeroShot({
  name: 'zs3net',
  summary: 'features generated from class vectors and noise (Bucher et al. 2019), in the protocol of CaGNet',
  settings: zs3netSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkTrunkOptimizer(config), ...checkSelfTraining(config)],
  pipeline: (config) => generativePipeline(zs3netMethod(config)),
  predictors: (config) => generativePredictors(zs3netMethod(config)),
  protocol: generativeProtocol,
  extendable: true,
});

/** ZS3Net (paper §3): its networks, its steps, and who learns by which optimizer. */
function zs3netMethod(config: Zs3NetConfig): GenerativeMethod<Zs3Net> {
  const { profile, zs3net: own } = config;
  const choices = chooseZs3Net(profile, own);
  /** Logits of real features X = σ(h). */
  const segmenterOf = (classifier: PixelClassifier): Pick<Segmenter, 'logits'> => ({
    logits: (ops, h) => classifier.logits(ops, ops.sigmoid(h)),
  });
  return {
    name: 'zs3net',
    config,
    module: 'zs3net',
    blocks: { zs3net: own },

    /** Generator and classifier behind the trunk. */
    build: (sizes, seeds) => new Zs3Net(sizes, own.network, choices, seeds.child('zs3net')),
    classifier: ({ classifier }) => classifier,

    /** The generator matches the moments of real features, the classifier learns from both. */
    realStep: (stage, networks) => labelledStep(stage, networks, config, choices),

    optimizers(stage, engine, { trunk, model }) {
      const { optimizers: rules, iterations } = config[stage]!;
      const { backbone } = rules;
      return {
        heads: scheduledOptimizer(engine, rules.heads, model.classifier.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
        ...(backbone && { trunk: groupedOptimizer(engine, backbone, trunkGroups(trunk, backbone), iterations) }),
      };
    },

    synthetic: ({ model }) => ({ latent: model.noise, noise: choices.noise }),

    segmenter(sizes) {
      const classifier = zs3netClassifier(sizes, own.network, choices, new SeedTree(0));
      return { modules: { 'zs3net.classifier': classifier }, ...segmenterOf(classifier) };
    },
    segmenterOf: ({ classifier }) => segmenterOf(classifier),
  };
}

/** The step on real features of a stage, as `LabelledSteps` runs it. */
function labelledStep(
  stage: LearningStage,
  { model, trunk, vectors, input, protocol }: Networks<Zs3Net>,
  config: Zs3NetConfig,
  choices: Zs3NetChoices,
): LabelledStep {
  const { batch, weights } = config[stage]!;
  const { mmd } = config.zs3net;
  const { grids, channels, images } = input;
  const classes = stage === 'selfTrain' ? vectors.classes : protocol.split.seen.length;
  const groups = [mmd.maxGroups ?? classes, mmd.maxSamples] as const;
  const trainTrunk = stage === 'train' || stage === 'selfTrain';
  const networks = { model, trunk, vectors, choices };
  const sizes = { batch, groups, grids, channels, ...(images && { images }) };
  return {
    program: (rows) => zs3netRealStep({ ...networks, ...sizes, weights, trainTrunk, ...(rows && { rows }) }),
    classes: vectors.classes,
    whole: images !== undefined,
    groups: { by: 'class', size: groups },
  };
}

/** There is an optimizer for the trunk exactly where a part of it learns. */
function checkTrunkOptimizer(config: Zs3NetConfig): SettingProblem[] {
  const trained = isTrunkTrained(config);
  const message = trained
    ? 'an optimizer: with backbone.train or backbone.aspp the trunk learns'
    : 'without backbone.train and backbone.aspp the trunk does not learn; set this to null';
  return (['train', 'selfTrain'] as const)
    .filter((stage) => config[stage] && trained !== Boolean(config[stage].optimizers.backbone))
    .map((stage) => ({ path: [stage, 'optimizers', 'backbone'], message }));
}
