import { runTraining, type Stage, stageWeights } from '@unseen/experiment';
import { optimizersOf } from '../optimization.ts';
import { RealTrainer } from './real-trainer.ts';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';

/** The first stage of a generative method: all networks learn from real features of seen classes, the trunk where it is not frozen. */
export function trainStage<S extends GenerativeSetup>(recipe: GenerativeRecipe<S>): Stage {
  const { settings, real, optimizers: makeOptimizers, hooks } = recipe.train;
  const { iterations, batch, logEvery, checkpointEvery } = settings;
  return {
    name: 'train',
    uses: [...recipe.uses, 'train'],
    outputs: [stageWeights('train')],
    run: async (context) => {
      const setup = await recipe.setUp(context);
      const { input, modules } = setup;
      const optimizers = makeOptimizers(context, setup);
      const trainer = new RealTrainer(context.engine, real(setup));
      const batches = input.batches({ batch, random: context.seeds.child('train').child('batches').stream() });
      const random = context.seeds.child('train/noise').stream();
      try {
        await runTraining(context, 'train', {
          modules,
          optimizers: optimizersOf(optimizers),
          random,
          batches,
          iterations,
          logEvery,
          checkpointEvery,
          step: (iteration) => trainer.step(batches, optimizers, iteration, random),
          hooks: hooks?.(context, setup, batches) ?? [],
        });
      } finally {
        trainer.dispose();
        await input.close();
      }
    },
  };
}
