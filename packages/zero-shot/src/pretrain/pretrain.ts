import { backbones, createBackbone, type Encoder, saveBackbone } from '@unseen/backbone';
import { type Dataset, lookUp, type Sample, type ZeroShotSplit } from '@unseen/core';
import { findSplit, type GuardedTraining, guardTraining } from '@unseen/data';
import {
  baseSchema,
  defineMethod,
  FeatureBatches,
  imageSource,
  openExperimentDataset,
  runTraining,
  type StageContext,
} from '@unseen/experiment';
import { BatchNorm, crossEntropy, Dense, Module, type Scalars, trackStatistics, updateStatistics } from '@unseen/nn';
import type { Executable, Program } from '@unseen/tensor';
import { z } from 'zod';
import { applyGradients, optimizersOf, readScalars, scheduledOptimizer } from '../optimization.ts';
import { optimizerSettings } from '../optimizer-settings.ts';

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
  const step = new PretrainStep(engine.compile(pretrainStep(network, batch, size)), network);
  await runTraining(context, 'pretrain', {
    modules: { network },
    optimizers: optimizersOf(optimizers),
    random: seeds.child('noise').stream(),
    batches,
    iterations,
    logEvery,
    checkpointEvery,
    step: (iteration) => step.run(batches, optimizers, iteration),
  });
  await saveBackbone(folder.file(WEIGHTS), encoder, {
    backbone: name,
    source: `trained on the ${classes} seen classes of ${dataset.name}, seed ${config.seed}`,
    licence,
    input: definition.input,
  });
}

/** Guarded training images that show no unseen class at all, so that not even its pixels are seen. */
async function withoutUnseen(
  { progress, signal }: StageContext,
  dataset: Dataset,
  split: ZeroShotSplit,
): Promise<GuardedTraining> {
  const unseen = new Set(split.unseen);
  const clean: Sample[] = [];
  for (const [i, sample] of dataset.train.entries()) {
    if (!(await sample.mask!()).data.some((id: number) => unseen.has(id))) clean.push(sample);
    await progress.update(i + 1, dataset.train.length, 'looking for unseen classes');
    signal.throwIfAborted();
  }
  const left = dataset.train.length - clean.length;
  progress.warn(`${left} of ${dataset.train.length} images show an unseen class and are left out`);
  return guardTraining({ ...dataset, train: clean }, split);
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

/** Runs the step and moves the running statistics. */
class PretrainStep {
  private readonly executable: Executable;
  private readonly norms: readonly BatchNorm[];
  private readonly statistics: readonly string[];

  constructor(executable: Executable, network: PixelNetwork) {
    this.executable = executable;
    this.norms = network.descendants(BatchNorm);
    this.statistics = Object.keys(executable.outputs).filter((name) => name.startsWith('norm.'));
  }

  async run(
    { features, labels }: FeatureBatches,
    optimizers: Parameters<typeof applyGradients>[1],
    iteration: number,
  ): Promise<Scalars> {
    const result = this.executable.run({ images: features[0], labels: labels[0] });
    applyGradients(result, optimizers, iteration);
    await updateStatistics(this.norms, result, { outputs: this.statistics });
    return readScalars(this.executable, result, ['classify']);
  }
}
