import { SeedTree } from '@unseen/core';
import type { GenerativeRecipe } from '../generative/recipe.ts';
import { type Optimizers, scheduledOptimizer } from '../optimization.ts';
import { jointOptimizer } from './joint-optimizer.ts';
import { probeHook } from './latent-probe.ts';
import { CagnetSegmenter } from './model.ts';
import { trainedContextual } from './real-step.ts';
import { chooseByProfile } from './settings.ts';
import { type CagnetConfig, type CagnetSetup, realTrainerOptions, setUp, syntheticOptions } from './setup.ts';

/** CaGNet as the stages see it. */
export function cagnetRecipe(config: CagnetConfig): GenerativeRecipe<CagnetSetup> {
  const { train, finetune, profile } = config;
  const choices = chooseByProfile(profile, config.cagnet);
  return {
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet'],
    setUp: (context) => setUp(context, config),
    train: {
      settings: train,
      real: (setup) => realTrainerOptions(setup, { ...train, trainContextual: true }),
      optimizers({ engine }, { trunk, model }): Optimizers {
        const { optimizers: rules, iterations } = train;
        const joint = { trunk, contextual: trainedContextual(model, choices) };
        return {
          heads: scheduledOptimizer(engine, rules.heads, model.heads.parameters(), iterations),
          generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
          contextual: jointOptimizer(engine, rules, joint, iterations),
        };
      },
      hooks: (context, setup, batches) => [
        probeHook(context, setup, batches, { batch: train.batch, every: train.checkpointEvery }),
      ],
    },
    finetune: {
      settings: finetune,
      real: (setup) => realTrainerOptions(setup, { ...finetune, trainContextual: false }),
      synthetic: ({ model, trunk }) => ({ latent: trunk.channels, ...syntheticOptions(model, profile) }),
    },
    models: { 'seen-only': 'train', cagnet: 'finetune' },
    segmenter(sizes) {
      const model = new CagnetSegmenter(sizes, config.cagnet.network, choices, new SeedTree(0));
      return {
        modules: { 'cagnet.contextual': model.contextual, 'cagnet.heads': model.heads },
        logits: (ops, h) => model.logits(ops, h),
      };
    },
  };
}
