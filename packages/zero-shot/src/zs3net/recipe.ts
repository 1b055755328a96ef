import type { PixelClassifier } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import { isTrunkTrained, openInput, type SettingProblem, type StageContext } from '@unseen/experiment';
import { ClassVectors } from '@unseen/synthesis';
import { pseudoLabelRule } from '../generative/pseudo-label-settings.ts';
import type { RealTrainerOptions } from '../generative/real-trainer.ts';
import type { FinetuneStage, GenerativeRecipe, GenerativeSetup } from '../generative/recipe.ts';
import type { Segmenter } from '../generative/segmenter.ts';
import { SELF_TRAINING_TEXT } from '../generative/stages.ts';
import { trunkGroups } from '../generative/trunk-groups.ts';
import { groupedOptimizer, type Optimizers, scheduledOptimizer } from '../optimization.ts';
import { Zs3Net, zs3netClassifier } from './model.ts';
import { zs3netRealStep } from './real-step.ts';
import { chooseZs3Net, type Zs3NetSettings, type Zs3NetWeights } from './settings.ts';

/** A checked configuration of this method. */
export type Zs3NetConfig = StageContext['config'] & Zs3NetSettings;

/** What every stage works with. */
export interface Zs3NetSetup extends GenerativeSetup {
  readonly model: Zs3Net;
}

/** What the stages choose of a step on real features. */
interface RealChoices {
  readonly batch: number;
  readonly weights: Zs3NetWeights;
  readonly trainTrunk: boolean;
  /** Classes that labels can be of. Default: the seen ones. */
  readonly labelled?: number;
}

/** ZS3Net of the comparison tables as the stages see it. */
export function zs3netRecipe(config: Zs3NetConfig): GenerativeRecipe<Zs3NetSetup> {
  const { train, finetune, selfTrain, finetune2 } = config;
  const { network, mmd } = config.zs3net;
  const choices = chooseZs3Net(config.profile, config.zs3net);

  const realStep = (
    { model, trunk, vectors, input, protocol }: Zs3NetSetup,
    { labelled = protocol.split.seen.length, ...stage }: RealChoices,
  ): RealTrainerOptions => {
    const { grids, channels, images } = input;
    const groups = [mmd.maxGroups ?? labelled, mmd.maxSamples] as const;
    const options = { ...stage, model, trunk, vectors, choices, groups, grids, channels, ...(images && { images }) };
    return {
      program: (rows) => zs3netRealStep({ ...options, ...(rows && { rows }) }),
      classes: vectors.classes,
      whole: images !== undefined,
      groups: { by: 'class', size: groups },
    };
  };
  const finetuning = (settings: typeof finetune): FinetuneStage<Zs3NetSetup> => ({
    settings,
    real: (setup) => realStep(setup, { ...settings, trainTrunk: false }),
    synthetic: ({ model }) => ({ latent: model.noise, noise: choices.noise }),
  });
  /** Optimizers of a stage in which all networks learn. */
  const allOptimizers = (
    { engine }: StageContext,
    { trunk, model }: Zs3NetSetup,
    { optimizers: rules, iterations }: Pick<typeof train, 'optimizers' | 'iterations'>,
  ): Optimizers => {
    const { backbone } = rules;
    return {
      heads: scheduledOptimizer(engine, rules.heads, model.classifier.parameters(), iterations),
      generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
      ...(backbone && { trunk: groupedOptimizer(engine, backbone, trunkGroups(trunk, backbone), iterations) }),
    };
  };
  /** Logits of real features. */
  const segmenterOf = (classifier: PixelClassifier): Pick<Segmenter, 'logits'> => ({
    logits: (ops, h) => classifier.logits(ops, ops.sigmoid(h)),
  });

  return {
    uses: ['data', 'embeddings', 'backbone', 'features', 'zs3net'],
    async setUp(context) {
      const { protocol, input } = await openInput(context);
      const trunk = await input.trunk();
      const vectors = new ClassVectors(protocol.vectors);
      const { seen, unseen } = protocol.split;
      const sizes = {
        channels: trunk.channels,
        embedding: vectors.dimension,
        seen: seen.length,
        unseen: unseen.length,
      };
      const model = new Zs3Net(sizes, network, choices, context.seeds.child('zs3net'));
      const { generator, classifier } = model;
      return {
        protocol,
        input,
        vectors,
        trunk,
        model,
        generator,
        classifier,
        modules: { zs3net: model, ...trunk.modules },
      };
    },
    train: {
      settings: train,
      real: (setup) => realStep(setup, { ...train, trainTrunk: true }),
      optimizers: (context, setup) => allOptimizers(context, setup, train),
    },
    finetune: finetuning(finetune),
    ...(selfTrain && {
      selfTrain: {
        settings: selfTrain,
        ...pseudoLabelRule(selfTrain.pseudoLabels, config.profile),
        segmenter: ({ classifier }) => segmenterOf(classifier),
        real: (setup) => realStep(setup, { ...selfTrain, trainTrunk: true, labelled: setup.vectors.classes }),
        optimizers: (context, setup) => allOptimizers(context, setup, selfTrain),
      },
      protocolText: { training: SELF_TRAINING_TEXT },
    }),
    ...(finetune2 && { finetune2: finetuning(finetune2) }),
    models: {
      'seen-only': 'train',
      zs3net: 'finetune',
      ...(selfTrain && { 'zs3net-st': finetune2 ? 'finetune-2' : 'self-train' }),
    },
    segmenter(sizes) {
      const classifier = zs3netClassifier(sizes, network, choices, new SeedTree(0));
      return { modules: { 'zs3net.classifier': classifier }, ...segmenterOf(classifier) };
    },
  };
}

/** There is an optimizer for the trunk exactly where a part of it learns. */
export function checkTrunkOptimizer(config: Zs3NetConfig): SettingProblem[] {
  const trained = isTrunkTrained(config);
  const message = trained
    ? 'an optimizer: with backbone.train or backbone.aspp the trunk learns'
    : 'without backbone.train and backbone.aspp the trunk does not learn; set this to null';
  return (['train', 'selfTrain'] as const)
    .filter((stage) => config[stage] && trained !== Boolean(config[stage].optimizers.backbone))
    .map((stage) => ({ path: [stage, 'optimizers', 'backbone'], message }));
}
