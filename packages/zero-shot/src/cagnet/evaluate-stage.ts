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
import { type CagnetConfig, type CagnetSetup, setUp } from './setup.ts';

/** Segments the validation images before and after fine-tuning. */
export function evaluateStage(config: CagnetConfig): Stage {
  return evaluation({
    uses: ['data', 'embeddings', 'backbone', 'features', 'cagnet', 'evaluate', 'report'],
    prepare: async (context) => {
      const setup = await setUp(context, config);
      const scorers = Object.entries(METHODS).map(
        async ([name, stage]) => [name, await loadScorer(context, setup, stage)] as const,
      );
      return {
        features: setup.features,
        protocol: setup.protocol,
        scorers: Object.fromEntries(await Promise.all(scorers)),
      };
    },
  });
}

/** Scores the stored features of a validation image with the weights that a stage has left. */
async function loadScorer(context: StageContext, setup: CagnetSetup, stage: string): Promise<Scorer> {
  const { model, scaler } = setup.fresh();
  await loadCheckpoint(context.folder.file(stageWeights(stage)), { modules: { cagnet: model, scaler } });
  const source = setup.features.val;
  const classes = setup.vectors.classes;
  const [height, width] = source.grid;
  const { channels } = source;
  const executable = context.engine.compile(
    predictStep({ model, scaler, batch: 1, grid: source.grid, channels, classes }),
    { frozen: true },
  );
  const features = new Float32Array(height * width * channels);
  return async (index) => {
    await source.read(index, features);
    const data = await executable.run({ features }).read('logits');
    return { height, width, channels: classes, data };
  };
}
