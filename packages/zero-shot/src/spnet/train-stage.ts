import { type Stage, stageWeights } from '@unseen/experiment';
import { type SpnetConfig, setUp } from './setup.ts';
import { trainProjection } from './training.ts';

/** Learns the projection, and what of the trunk is not frozen, from pixels of seen classes. */
export function trainStage(config: SpnetConfig): Stage {
  return {
    name: 'train',
    uses: ['data', 'embeddings', 'backbone', 'features', 'spnet', 'train'],
    outputs: [stageWeights('train')],
    run: async (context) => {
      const setup = await setUp(context, config);
      try {
        await trainProjection(context, 'train', setup, context.seeds);
      } finally {
        await setup.input.close();
      }
    },
  };
}
