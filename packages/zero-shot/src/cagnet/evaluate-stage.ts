import {
  evaluateStage as evaluation,
  type Scorer,
  type Stage,
  type StageContext,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { predictStep } from './predict-step.ts';
import { METHODS } from './segmentation-models.ts';
import { type CagnetConfig, type CagnetSetup, networkModules, setUp } from './setup.ts';

/** Segments the validation images before and after fine-tuning. */
export function evaluateStage(config: CagnetConfig): Stage {
  return evaluation({
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet', 'evaluate', 'report'],
    prepare: async (context) => {
      const setup = await setUp(context, config);
      const models = await Promise.all(
        Object.entries(METHODS).map(async ([name, stage]) => [name, await openModel(context, setup, stage)] as const),
      );
      return {
        protocol: setup.protocol,
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
async function openModel(context: StageContext, setup: CagnetSetup, stage: string) {
  const networks = await setup.fresh();
  await loadCheckpoint(context.folder.file(stageWeights(stage)), { modules: networkModules(networks) });
  const { channels, val } = setup.input;
  const { classes } = setup.vectors;
  const executable = context.engine.compile(predictStep({ ...networks, batch: 1, grid: val.grid, channels, classes }), {
    frozen: true,
  });
  const [, height, width] = executable.outputs.logits;
  const features = new Float32Array(val.grid[0] * val.grid[1] * channels);
  const score: Scorer = async (index) => {
    await val.read(index, features);
    const data = await executable.run({ features }).read('logits');
    return { height, width, channels: classes, data };
  };
  return { grid: [height, width] as const, score, dispose: () => executable.dispose() };
}
