import type { DeepLabV3Plus } from '@unseen/backbone';
import { runTraining, type Stage, stageWeights } from '@unseen/experiment';
import { BatchNorm, crossEntropy, trackStatistics } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import { BatchNormStep } from '../../batch-norm-step.ts';
import { groupedOptimizer, type Optimizers, optimizersOf } from '../../optimization.ts';
import type { Zs3NetOriginalConfig } from './settings.ts';
import { batchesOf, guardedCrops, setUp } from './setup.ts';

/** Stage 1 of ZS3Net (spec §9.2): the segmentation network learns the seen classes from images that show no others. */
export function trainStage(config: Zs3NetOriginalConfig): Stage {
  const { iterations, batch, optimizer: rule, headMultiplier, logEvery, checkpointEvery } = config.train;
  return {
    name: 'train',
    uses: ['data', 'embeddings', 'backbone', 'zs3net', 'augment', 'train'],
    outputs: [stageWeights('train')],
    run: async (context) => {
      const setup = await setUp(context, config);
      const { engine, seeds } = context;
      const { network, crop, choices } = setup;
      const { encoder, decoder } = network;
      const groups = [
        { parameters: encoder.parameters(), weightDecay: rule.weightDecay },
        { parameters: decoder.parameters(), rateMultiplier: headMultiplier, weightDecay: rule.weightDecay },
      ];
      const optimizers: Optimizers = { segment: groupedOptimizer(engine, rule, groups, iterations) };
      const batches = batchesOf(context, setup, await guardedCrops(context, setup), { name: 'train', batch });
      const scale = choices.lossPerImage ? 1 / batch : 1;
      const step = new BatchNormStep(engine.compile(segmentStep(network, { batch, crop, scale })), network, engine);
      const random = seeds.child('train/noise').stream();
      try {
        await runTraining(context, 'train', {
          modules: { network },
          optimizers: optimizersOf(optimizers),
          random,
          batches,
          iterations,
          logEvery,
          checkpointEvery,
          step: (iteration) => {
            const feeds = { images: batches.features[0], labels: batches.labels[0] };
            return step.run(feeds, optimizers, iteration, ['segment'], random);
          },
        });
      } finally {
        step.dispose();
      }
    },
  };
}

/** Cross-entropy at the size of the image, times `scale`, with batch normalisation by the statistics of the batch. */
function segmentStep(
  network: DeepLabV3Plus,
  { batch, crop, scale }: { readonly batch: number; readonly crop: number; readonly scale: number },
): Program {
  return {
    name: 'zs3net/segment',
    training: true,
    inputs: {
      images: { shape: [batch, crop, crop, 3], dtype: 'float32' },
      labels: { shape: [batch, crop, crop], dtype: 'int32' },
    },
    describe: (ops, { images, labels }) => {
      const { result: value, outputs } = trackStatistics(ops, network.descendants(BatchNorm), () => {
        const loss = crossEntropy(ops, network.scores(ops, images), labels);
        return scale === 1 ? loss : ops.mul(loss, ops.scalar(scale));
      });
      return { outputs, losses: { segment: { value, parameters: network.parameters() } } };
    },
  };
}
