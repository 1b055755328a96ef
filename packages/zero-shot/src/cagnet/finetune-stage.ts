import { runTraining, type Stage, stageWeights } from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { labelPrior } from '@unseen/synthesis';
import { type Optimizers, optimizersOf, scheduledOptimizer } from '../optimization.ts';
import { isRealTurn } from './alternation.ts';
import { type CagnetConfig, networkModules, realOptions, seenBatches, setUp } from './setup.ts';
import { RealTrainer, SyntheticTrainer } from './trainer.ts';
import { unseenProbabilityOf } from './unseen-probability.ts';

/**
 * Fine-tuning (paper §3.5, spec §7.6): steps on real features of seen classes take turns with steps on synthetic
 * features of all classes. Trunk and contextual module are frozen; optimizers start anew.
 */
export function finetuneStage(config: CagnetConfig): Stage {
  const { iterations, batch, alternate, draws, optimizers: rules, weights, transfer } = config.finetune;
  const { logEvery, checkpointEvery } = config.finetune;
  return {
    name: 'finetune',
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet', 'finetune'],
    outputs: [stageWeights('finetune')],
    run: async (context) => {
      const setup = await setUp(context, config);
      const { engine, folder } = context;
      const { trunk, model, vectors, protocol } = setup;
      const modules = networkModules(setup);
      await loadCheckpoint(folder.file(stageWeights('train')), { modules });
      const optimizers: Optimizers = {
        heads: scheduledOptimizer(engine, rules.heads, model.heads.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
      };
      const real = new RealTrainer(engine, realOptions(setup, { batch, weights, trainContextual: false }));
      const classes = { seen: protocol.split.seen.length, unseen: protocol.split.unseen.length };
      const unseenProbability = unseenProbabilityOf(config.finetune.unseenProbability, classes);
      const synthetic = new SyntheticTrainer(engine, {
        model,
        vectors,
        profile: config.profile,
        draws,
        channels: trunk.channels,
        transfer,
        prior: labelPrior({ ...classes, unseenProbability }),
      });
      const batches = seenBatches(context, setup, batch, 'finetune');
      const random = context.seeds.child('finetune/noise').stream();
      try {
        await runTraining(context, 'finetune', {
          modules,
          optimizers: optimizersOf(optimizers),
          random,
          batches,
          iterations,
          logEvery,
          checkpointEvery,
          step: (iteration) =>
            isRealTurn(iteration, { real: alternate, synthetic: alternate })
              ? real.step(batches, optimizers, iteration, random)
              : synthetic.step(optimizers, iteration, random),
        });
      } finally {
        real.dispose();
        synthetic.dispose();
        await setup.input.close();
      }
    },
  };
}
