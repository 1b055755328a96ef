import { runTraining, type Stage, type StageContext, stageWeights } from '@unseen/experiment';
import { loadCheckpoint, readLosses } from '@unseen/nn';
import { optimizersOf } from '../optimization.ts';
import { labelledShare, PseudoLabeller } from './pseudo-labeller.ts';
import { RealTrainer } from './real-trainer.ts';
import type { GenerativeRecipe, GenerativeSetup, SelfTrainSettings, SelfTrainStage } from './recipe.ts';
import { loadSegmenter } from './stage-segmenter.ts';

/**
 * Self-training (CaGNet §3.6, spec §7.9): the fine-tuned networks label unlabelled pixels of each training batch, in which
 * the leakage guard has hidden unseen classes among others, and all networks learn from real features with these labels
 * as in the first stage. Transductive: what unseen classes look like is seen, their masks are not.
 */
export function selfTrainStage<S extends GenerativeSetup>(
  recipe: GenerativeRecipe<S>,
  stage: SelfTrainStage<S>,
): Stage {
  const { settings, real, optimizers: makeOptimizers, hooks, teacher, rule, excludePadding } = stage;
  const { iterations, batch, logEvery, checkpointEvery, crop } = settings;
  return {
    name: 'self-train',
    uses: [...recipe.uses, 'selfTrain'],
    outputs: [stageWeights('self-train')],
    run: async (context) => {
      const setup = await recipe.setUp(withCrop(context, crop));
      const { input, modules, trunk, protocol } = setup;
      const { engine, folder, seeds } = context;
      await loadCheckpoint(folder.file(stageWeights('finetune')), { modules });
      const optimizers = makeOptimizers(context, setup);
      const trainer = new RealTrainer(engine, real(setup));
      const classes = { seen: protocol.split.seen.length, unseen: protocol.split.unseen.length };
      const labeller = new PseudoLabeller(engine, {
        ...(teacher === 'current'
          ? { segmenter: stage.segmenter(setup), trunk }
          : await loadSegmenter(context, recipe, setup, 'finetune')),
        frozen: teacher === 'finetuned',
        input,
        batch,
        ...classes,
        rule,
        excludePadding,
      });
      const batches = input.batches({ batch, random: seeds.child('self-train').child('batches').stream() });
      const random = seeds.child('self-train/noise').stream();
      try {
        await runTraining(context, 'self-train', {
          modules,
          optimizers: optimizersOf(optimizers),
          random,
          batches,
          iterations,
          logEvery,
          checkpointEvery,
          async step(iteration) {
            const labelled = await labeller.label(batches);
            const losses = await trainer.step(labelled, optimizers, iteration, random);
            const all = classes.seen + classes.unseen;
            const pseudoLabelled = labelledShare(batches.labels[0], labelled.labels[0], all);
            return async () => ({ ...(await readLosses(losses)), pseudoLabelled });
          },
          hooks: hooks?.(context, setup, batches) ?? [],
        });
      } finally {
        trainer.dispose();
        labeller.dispose();
        await input.close();
      }
    },
  };
}

/** Crops of another size than the experiment's. */
function withCrop(context: StageContext, crop: SelfTrainSettings['crop']): StageContext {
  if (!crop) return context;
  const { config } = context;
  return { ...context, config: { ...config, data: { ...config.data, crop } } };
}
