import { backbones, createBackbone, type Encoder, saveBackbone } from '@unseen/backbone';
import { lookUp } from '@unseen/core';
import { findSplit } from '@unseen/data';
import {
  baseSchema,
  defineMethod,
  FeatureBatches,
  imageSource,
  openExperimentDataset,
  runTraining,
  type StageContext,
} from '@unseen/experiment';
import { BatchNorm, crossEntropy, Dense, Module, trackStatistics } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import { z } from 'zod';
import { BatchNormStep } from '../batch-norm-step.ts';
import { optimizersOf, scheduledOptimizer } from '../optimization.ts';
import { optimizerSettings } from '../optimizer-settings.ts';
import { withoutUnseen } from '../without-unseen.ts';

const settings = z.strictObject({
  embeddings: baseSchema.shape.embeddings.optional(),
  pretrain: z.strictObject({
    iterations: z.int().positive(),
    batch: z.int().positive(),
    flip: z.boolean().default(true),
    optimizer: optimizerSettings,
    licence: z.string().default('MIT'),
    logEvery: z.int().positive().default(20),
    checkpointEvery: z.int().positive().default(200),
  }),
});

type PretrainConfig = StageContext['config'] & z.output<typeof settings>;

/** Where the weights of a pretraining run lie in its folder. */
const WEIGHTS = 'backbone.safetensors';

/**
 * Trains a backbone from scratch as a segmentation network of the seen classes, for data on which no published weights
 * exist. Images with a single pixel of an unseen class are left out (ZS3Net's rule): the weights never met one.
 */
export const pretrain = defineMethod({
  name: 'pretrain',
  summary: 'a backbone from scratch, on the seen classes of a split',
  settings,
  stages: (config) => [
    {
      name: 'pretrain',
      uses: ['data', 'backbone', 'pretrain'],
      outputs: [WEIGHTS],
      run: (context) => pretrainBackbone(context, config),
    },
  ],
});

/** An encoder under a linear classifier of the seen classes. */
class PixelNetwork extends Module {
  readonly encoder: Encoder;
  readonly head: Dense;

  constructor(encoder: Encoder, head: Dense) {
    super();
    this.encoder = encoder;
    this.head = head;
  }
}

async function pretrainBackbone(context: StageContext, config: PretrainConfig): Promise<void> {
  const { engine, seeds, folder } = context;
  const { iterations, batch, flip, optimizer: rule, licence, logEvery, checkpointEvery } = config.pretrain;
  const { name, outputStride } = config.backbone;
  const { size, split } = config.data;
  const definition = lookUp(backbones, name, 'backbone');
  const dataset = await openExperimentDataset(config);
  const training = await withoutUnseen(context, dataset, findSplit(dataset.splits, split, dataset.name));
  const classes = training.split.seen.length;

  const encoder = createBackbone(name, { outputStride, norm: 'trained', seeds: seeds.child('backbone') });
  const { channels } = encoder.taps[encoder.taps.length - 1];
  const network = new PixelNetwork(
    encoder,
    new Dense({ inputs: channels, outputs: classes, seeds: seeds.child('head') }),
  );
  const optimizers = { classify: scheduledOptimizer(engine, rule, network.parameters(), iterations) };
  const batches = new FeatureBatches({
    sources: [imageSource(training, { size, normalization: definition.input, flip })],
    batch,
    classes,
    random: seeds.child('batches').stream(),
  });
  const step = new BatchNormStep(engine.compile(pretrainStep(network, batch, size)), network, engine);
  await runTraining(context, 'pretrain', {
    modules: { network },
    optimizers: optimizersOf(optimizers),
    random: seeds.child('noise').stream(),
    batches,
    iterations,
    logEvery,
    checkpointEvery,
    step: (iteration) =>
      step.run({ images: batches.features[0], labels: batches.labels[0] }, optimizers, iteration, ['classify']),
  });
  await saveBackbone(folder.file(WEIGHTS), encoder, {
    backbone: name,
    source: `trained on the ${classes} seen classes of ${dataset.name}, seed ${config.seed}`,
    licence,
    input: definition.input,
  });
}

/** Cross-entropy at the size of the image, with batch normalisation by the statistics of the batch. */
function pretrainStep(network: PixelNetwork, batch: number, [height, width]: readonly [number, number]): Program {
  return {
    name: 'pretrain/step',
    training: true,
    inputs: {
      images: { shape: [batch, height, width, 3], dtype: 'float32' },
      labels: { shape: [batch, height, width], dtype: 'int32' },
    },
    describe: (ops, { images, labels }) => {
      const { result: value, outputs } = trackStatistics(ops, network.descendants(BatchNorm), () => {
        const [features] = network.encoder.forward(ops, images).slice(-1);
        return crossEntropy(ops, ops.resizeBilinear(network.head.forward(ops, features), [height, width]), labels);
      });
      return { outputs, losses: { classify: { value, parameters: network.parameters() } } };
    },
  };
}
