import { backbones, createBackbone, type Encoder, saveBackbone } from '@unseen/backbone';
import { lookUp } from '@unseen/core';
import { findSplit } from '@unseen/data';
import {
  artifacts,
  backboneSettings,
  defineMethod,
  defineStage,
  type ExperimentConfig,
  filesOf,
  imageSource,
  LabelledBatches,
  openExperimentDataset,
  optimizerSettings,
  runTraining,
  type Stage,
  type StageContext,
  scheduledOptimizer,
  trainingShape,
  trunkShape,
  weightsOf,
} from '@unseen/experiment';
import { BatchNorm, crossEntropy, Dense, Module, TrainingStep, trackStatistics } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import { z } from 'zod';
import { openClassProtocol } from '../protocol/protocol.ts';
import { withoutUnseen } from '../protocol/without-unseen.ts';

const settings = z.strictObject({
  data: trunkShape.data,
  backbone: backboneSettings,
  pretrain: z.strictObject({
    ...trainingShape,
    flip: z.boolean().default(true),
    optimizer: optimizerSettings,
    licence: z.string().default('MIT'),
  }),
});

type PretrainConfig = Omit<ExperimentConfig, 'data'> & z.output<typeof settings>;

/** Where the weights of a pretraining run lie in its folder. */
const WEIGHTS = 'backbone.safetensors';

/**
 * Trains a backbone from scratch as a segmentation network of the seen classes, for data on which no published weights
 * exist. Images with a single pixel of an unseen class are left out (ZS3Net's rule): the weights never met one.
 */
export const pretrain = defineMethod({
  name: 'pretrain',
  summary: 'a backbone from scratch, on the seen classes of a split',
  task: 'none',
  settings,
  classes: openClassProtocol,
  pipeline: (config) => [pretrainStage(config)],
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

function pretrainStage({ seed, data, backbone, pretrain }: PretrainConfig): Stage {
  const { dataset, root, split, size, train } = data;
  return defineStage({
    name: 'pretrain',
    settings: { data: { dataset, root, split, size, train }, backbone, pretrain },
    makes: artifacts({ backbone: filesOf(WEIGHTS), weights: weightsOf('pretrain') }),
    run: (context) => pretrainBackbone(context, { seed, data, backbone, pretrain }),
  });
}

async function pretrainBackbone(
  context: StageContext,
  { seed, data, backbone, pretrain }: Pick<PretrainConfig, 'seed' | 'data' | 'backbone' | 'pretrain'>,
): Promise<void> {
  const { engine, seeds, folder } = context;
  const { iterations, batch, flip, optimizer: rule, licence } = pretrain;
  const { name, outputStride } = backbone;
  const { size, split } = data;
  const definition = lookUp(backbones, name, 'backbone');
  const dataset = await openExperimentDataset({ data });
  const training = await withoutUnseen(context, dataset, findSplit(dataset.splits, split, dataset.name));
  const classes = training.split.seen.length;

  const encoder = createBackbone(name, { outputStride, norm: 'trained', seeds: seeds.child('backbone') });
  const { channels } = encoder.taps[encoder.taps.length - 1];
  const network = new PixelNetwork(
    encoder,
    new Dense({ inputs: channels, outputs: classes, seeds: seeds.child('head') }),
  );
  const optimizers = { classify: scheduledOptimizer(engine, rule, network.parameters(), iterations) };
  const batches = new LabelledBatches({
    sources: [imageSource(training, { size, normalization: definition.input, flip })],
    batch,
    classes,
    random: seeds.child('batches').stream(),
  });
  const program = () => pretrainStep(network, batch, size);
  const step = new TrainingStep({ engine, optimizers, tracked: network, program });
  await runTraining(context, 'pretrain', pretrain, {
    modules: { network },
    optimizers,
    noise: seeds.child('noise').stream(),
    batches,
    step: (iteration) => step.run({ images: batches.inputs[0], labels: batches.labels[0] }, { iteration }),
    close: () => step.dispose(),
  });
  await saveBackbone(folder.file(WEIGHTS), encoder, {
    backbone: name,
    source: `trained on the ${classes} seen classes of ${dataset.name}, seed ${seed}`,
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
