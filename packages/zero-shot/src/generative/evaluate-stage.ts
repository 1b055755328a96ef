import {
  evaluateStage as evaluation,
  type Scorer,
  type Stage,
  type StageContext,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import { predictStep } from './segmenter.ts';
import { loadSegmenter } from './stage-segmenter.ts';

/** Scores the validation images with the weights that the stages have left. */
export function evaluateStage<S extends GenerativeSetup>(recipe: GenerativeRecipe<S>): Stage {
  return evaluation({
    uses: [...recipe.uses, 'evaluate', 'report'],
    prepare: async (context) => {
      const setup = await recipe.setUp(context);
      const models = await Promise.all(
        Object.entries(recipe.models).map(
          async ([name, stage]) => [name, await openModel(context, recipe, setup, stage)] as const,
        ),
      );
      return {
        protocol: setup.protocol,
        ...(recipe.protocolText && { protocolText: recipe.protocolText }),
        grid: models[0][1].grid,
        scorers: Object.fromEntries(models.map(([name, { score }]) => [name, score])),
        close: async () => {
          for (const [, model] of models) model.dispose();
          await setup.input.close();
        },
      };
    },
  });
}

/** Scores validation images with the weights that a stage has left. */
async function openModel<S extends GenerativeSetup>(
  context: StageContext,
  recipe: GenerativeRecipe<S>,
  { input, protocol, modules }: S,
  stage: string,
) {
  // The whole file must fit the method's networks, although only those that segment are used.
  await loadCheckpoint(context.folder.file(stageWeights(stage)), { modules });
  const { segmenter, trunk } = await loadSegmenter(context, recipe, { input, protocol }, stage);
  const { channels, val } = input;
  const classes = protocol.classes.length;
  const step = predictStep({ segmenter, trunk, batch: 1, grid: val.grid, channels, classes });
  const executable = context.engine.compile(step, { frozen: true });
  const [, height, width] = executable.outputs.logits;
  const features = new Float32Array(val.grid[0] * val.grid[1] * channels);
  const score: Scorer = async (index) => {
    await val.read(index, features);
    const data = await executable.run({ features }).read('logits');
    return { height, width, channels: classes, data };
  };
  return { grid: [height, width] as const, score, dispose: () => executable.dispose() };
}
