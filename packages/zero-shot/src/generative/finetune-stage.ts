import { runTraining, type Stage, type StageContext, stageWeights } from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { labelPrior, unseenProbabilityOf } from '@unseen/synthesis';
import { type Optimizers, optimizersOf, scheduledOptimizer } from '../optimization.ts';
import { isRealTurn } from './alternation.ts';
import { RealTrainer } from './real-trainer.ts';
import type { FinetuneStage, GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import { SyntheticTrainer } from './synthetic-trainer.ts';

/** Where a fine-tuning stands among the stages. */
export interface FinetunePlace<S extends GenerativeSetup> {
  readonly name: string;
  /** Key of its settings. */
  readonly uses: string;
  /** Stage whose weights it starts from, or what puts others in place. */
  readonly after: string | ((setup: S) => Promise<void>);
  readonly stage: FinetuneStage<S>;
}

/**
 * Fine-tuning (CaGNet §3.5, spec §7.6): steps on real features of seen classes take turns with steps on synthetic
 * features of all classes. The trunk is frozen, and what makes the features of it; optimizers start anew.
 */
export function finetuneStage<S extends GenerativeSetup>(
  recipe: GenerativeRecipe<S>,
  { name, uses, after, stage }: FinetunePlace<S> = {
    name: 'finetune',
    uses: 'finetune',
    after: 'train',
    stage: recipe.finetune,
  },
): Stage {
  const { iterations, batch, alternate, optimizers: rules, logEvery, checkpointEvery } = stage.settings;
  return {
    name,
    uses: [...recipe.uses, uses],
    outputs: [stageWeights(name)],
    run: async (context) => {
      const setup = await recipe.setUp(context);
      const { engine, folder } = context;
      const { input, modules, generator, classifier } = setup;
      if (typeof after === 'string') await loadCheckpoint(folder.file(stageWeights(after)), { modules });
      else await after(setup);
      const optimizers: Optimizers = {
        heads: scheduledOptimizer(engine, rules.heads, classifier.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, generator.parameters(), iterations),
      };
      const real = new RealTrainer(engine, stage.real(setup));
      const synthetic = stage.syntheticSteps
        ? await stage.syntheticSteps(context, setup)
        : pixelSteps(context, stage, setup);
      const batches = input.batches({ batch, random: context.seeds.child(name).child('batches').stream() });
      const random = context.seeds.child(`${name}/noise`).stream();
      try {
        await runTraining(context, name, {
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
        await input.close();
      }
    },
  };
}

/** Steps on synthetic features of single pixels, whose classes are drawn from a prior. */
function pixelSteps<S extends GenerativeSetup>(
  { engine }: StageContext,
  { settings, synthetic }: FinetuneStage<S>,
  setup: S,
): SyntheticTrainer {
  const { generator, classifier, vectors, protocol } = setup;
  const { draws, transfer } = settings;
  const classes = { seen: protocol.split.seen.length, unseen: protocol.split.unseen.length };
  const unseenProbability = unseenProbabilityOf(settings.unseenProbability, classes);
  const prior = labelPrior({ ...classes, unseenProbability });
  return new SyntheticTrainer(engine, { generator, classifier, vectors, draws, transfer, ...synthetic(setup), prior });
}
