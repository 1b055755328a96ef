import { runTraining, type Stage, stageWeights } from '@unseen/experiment';
import { type Optimizers, optimizersOf, scheduledOptimizer } from '../optimization.ts';
import { jointOptimizer } from './joint-optimizer.ts';
import { probeHook } from './latent-probe.ts';
import { trainedContextual } from './real-step.ts';
import { type CagnetConfig, networkModules, realOptions, seenBatches, setUp } from './setup.ts';
import { RealTrainer } from './trainer.ts';

/** Step 1 of CaGNet (paper §3.4): all networks learn from real features of seen classes, the trunk where it is not frozen. */
export function trainStage(config: CagnetConfig): Stage {
  const { iterations, batch, optimizers: rules, weights, logEvery, checkpointEvery } = config.train;
  return {
    name: 'train',
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet', 'train'],
    outputs: [stageWeights('train')],
    run: async (context) => {
      const setup = await setUp(context, config);
      const { engine } = context;
      const { trunk, model, choices } = setup;
      const joint = { trunk, contextual: trainedContextual(model, choices) };
      const optimizers: Optimizers = {
        heads: scheduledOptimizer(engine, rules.heads, model.heads.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
        contextual: jointOptimizer(engine, rules, joint, iterations),
      };
      const trainer = new RealTrainer(engine, realOptions(setup, { batch, weights, trainContextual: true }));
      const batches = seenBatches(context, setup, batch, 'train');
      const random = context.seeds.child('train/noise').stream();
      try {
        await runTraining(context, 'train', {
          modules: networkModules(setup),
          optimizers: optimizersOf(optimizers),
          random,
          batches,
          iterations,
          logEvery,
          checkpointEvery,
          step: (iteration) => trainer.step(batches, optimizers, iteration, random),
          hooks: [probeHook(context, setup, batches, { batch, every: checkpointEvery })],
        });
      } finally {
        trainer.dispose();
        await setup.input.close();
      }
    },
  };
}
