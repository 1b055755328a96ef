import { SeedTree } from '@unseen/core';
import type { StageContext } from '@unseen/experiment';
import { pseudoLabelRule } from '../generative/pseudo-label-settings.ts';
import type { FinetuneStage, GenerativeRecipe } from '../generative/recipe.ts';
import { SELF_TRAINING_TEXT } from '../generative/stages.ts';
import { type Optimizers, scheduledOptimizer } from '../optimization.ts';
import { jointOptimizer } from './joint-optimizer.ts';
import { probeHook } from './latent-probe.ts';
import { CagnetSegmenter } from './model.ts';
import { trainedContextual } from './real-step.ts';
import { chooseByProfile } from './settings.ts';
import {
  type CagnetConfig,
  type CagnetSetup,
  realTrainerOptions,
  selfTrainerOptions,
  setUp,
  syntheticOptions,
} from './setup.ts';

/** What a variant of CaGNet does differently. */
export interface CagnetVariant {
  /** Of its models in a report. */
  readonly name: string;
  /** Side of the patches that its classifier sees. */
  readonly patch?: number;
  /** The steps on synthetic features of a fine-tuning stage. */
  syntheticSteps?(
    stage: string,
    settings: FinetuneStage<CagnetSetup>['settings'],
  ): NonNullable<FinetuneStage<CagnetSetup>['syntheticSteps']>;
}

/** CaGNet as the stages see it. */
export function cagnetRecipe(
  config: CagnetConfig,
  { name, patch, syntheticSteps }: CagnetVariant = { name: 'cagnet' },
): GenerativeRecipe<CagnetSetup> {
  const { train, finetune, selfTrain, finetune2, profile } = config;
  const choices = chooseByProfile(profile, config.cagnet);
  const finetuning = (stage: string, settings: typeof finetune): FinetuneStage<CagnetSetup> => ({
    settings,
    real: (setup) => realTrainerOptions(setup, { ...settings, trainContextual: false }),
    synthetic: ({ model, trunk }) => ({ latent: trunk.channels, ...syntheticOptions(model, profile) }),
    ...(syntheticSteps && { syntheticSteps: syntheticSteps(stage, settings) }),
  });
  /** Optimizers of a stage in which all networks learn. */
  const allOptimizers = (
    { engine }: StageContext,
    { trunk, model }: CagnetSetup,
    { optimizers: rules, iterations }: Pick<typeof train, 'optimizers' | 'iterations'>,
  ): Optimizers => {
    const joint = { trunk, contextual: trainedContextual(model, choices) };
    return {
      heads: scheduledOptimizer(engine, rules.heads, model.heads.parameters(), iterations),
      generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
      contextual: jointOptimizer(engine, rules, joint, iterations),
    };
  };
  return {
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet'],
    setUp: (context) => setUp(context, config, patch),
    train: {
      settings: train,
      real: (setup) => realTrainerOptions(setup, { ...train, trainContextual: true }),
      optimizers: (context, setup) => allOptimizers(context, setup, train),
      hooks: (context, setup, batches) => [
        probeHook(context, setup, batches, { batch: train.batch, every: train.checkpointEvery }),
      ],
    },
    finetune: finetuning('finetune', finetune),
    ...(selfTrain && {
      selfTrain: {
        settings: selfTrain,
        ...pseudoLabelRule(selfTrain.pseudoLabels, profile),
        segmenter: ({ model }) => model,
        real: (setup) => selfTrainerOptions(setup, selfTrain),
        optimizers: (context, setup) => allOptimizers(context, setup, selfTrain),
      },
      protocolText: { training: SELF_TRAINING_TEXT },
    }),
    ...(finetune2 && { finetune2: finetuning('finetune-2', finetune2) }),
    models: {
      'seen-only': 'train',
      [name]: 'finetune',
      ...(selfTrain && { [`${name}-st`]: finetune2 ? 'finetune-2' : 'self-train' }),
    },
    segmenter(sizes) {
      const model = new CagnetSegmenter(
        { ...sizes, ...(patch && { patch }) },
        config.cagnet.network,
        choices,
        new SeedTree(0),
      );
      return {
        modules: { 'cagnet.contextual': model.contextual, 'cagnet.heads': model.heads },
        logits: (ops, h) => model.logits(ops, h),
      };
    },
  };
}
