import type { SegmentationNetwork } from '@unseen/backbone';
import { ignoreOf, type LabelMap, labelArray, type Sample } from '@unseen/core';
import { BatchNorm, crossEntropy, TrainingStep, trackStatistics } from '@unseen/nn';
import type { Engine, Program } from '@unseen/tensor';
import { flipHorizontal, type Normalization, normalize, resizeBilinear, resizeNearest } from '@unseen/vision';
import { LabelledBatches, type LabelledSource } from '../batches/labelled-batches.ts';
import { groupedOptimizer, type OptimizerSettings } from '../optimizers.ts';
import type { Weights } from './artifacts.ts';
import type { ImageValues } from './image-artifacts.ts';
import type { Inputs, Needs, Stage, StageContext } from './stage.ts';
import { type Training, type TrainingSchedule, trainingStreams, trainStage } from './train-stage.ts';

/** A segmentation network and what it learns from. */
export interface SegmenterTrainingOptions {
  readonly network: SegmentationNetwork;
  /** Normalised images with the train id of each pixel, at one square size. */
  readonly batches: LabelledBatches;
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly optimizer: OptimizerSettings;
  readonly iterations: number;
  /** Learning rate of everything behind the encoder, relative to the encoder's. Default 1. */
  readonly headMultiplier?: number;
  /** Factor of the loss. Default 1. */
  readonly lossScale?: number;
  readonly noise: Training['noise'];
}

/** Trains a segmentation network end to end by the cross-entropy of every labelled pixel, at the size of the image. */
export function segmenterTraining(engine: Engine, options: SegmenterTrainingOptions): Training {
  const { network, batches, batch, size, optimizer, iterations, headMultiplier = 1, lossScale = 1, noise } = options;
  const encoder = new Set(network.encoder.parameters());
  const { weightDecay } = optimizer;
  const groups = [
    { parameters: [...encoder], weightDecay },
    {
      parameters: network.parameters().filter((parameter) => !encoder.has(parameter)),
      rateMultiplier: headMultiplier,
      weightDecay,
    },
  ];
  const optimizers = { segment: groupedOptimizer(engine, optimizer, groups, iterations) };
  const program = () => segmentStep(network, { batch, size, lossScale });
  const step = new TrainingStep({ engine, optimizers, tracked: network, program });
  return {
    modules: { network },
    optimizers,
    batches,
    noise,
    step: (iteration) =>
      step.run({ images: batches.inputs[0], labels: batches.labels[0] }, { iteration, random: noise }),
    close: () => step.dispose(),
  };
}

/** Cross-entropy at the size of the image, times `lossScale`, with batch normalisation by the statistics of the batch. */
export function segmentStep(
  network: SegmentationNetwork,
  { batch, size, lossScale }: Required<Pick<SegmenterTrainingOptions, 'batch' | 'size' | 'lossScale'>>,
): Program {
  return {
    name: 'segment',
    training: true,
    inputs: {
      images: { shape: [batch, ...size, 3], dtype: 'float32' },
      labels: { shape: [batch, ...size], dtype: 'int32' },
    },
    describe: (ops, { images, labels }) => {
      const { result: value, outputs } = trackStatistics(ops, network.descendants(BatchNorm), () => {
        const loss = crossEntropy(ops, network.scores(ops, images), labels);
        return lossScale === 1 ? loss : ops.mul(loss, ops.scalar(lossScale));
      });
      return { outputs, losses: { segment: { value, parameters: network.parameters() } } };
    },
  };
}

/** Options of {@link segmenterStage}. */
export interface SegmenterStageOptions<N extends Needs> {
  readonly name: string;
  readonly settings: unknown;
  /** `labels`: the stage whose label maps are learned from. */
  readonly needs: N & { readonly labels: Stage<ImageValues<LabelMap>> };
  readonly schedule: TrainingSchedule;
  readonly batch: number;
  /** [height, width] to which images and labels are warped. */
  readonly size: readonly [number, number];
  /** Whether every image counts twice, the second time flipped. */
  readonly flip: boolean;
  readonly normalization: Normalization;
  readonly optimizer: OptimizerSettings;
  readonly headMultiplier?: number;
  /** Raw class ids by train id. */
  readonly classes: readonly number[];
  network(context: StageContext): Promise<SegmentationNetwork>;
  /** The images of the labels; each must have a label map. */
  images(context: StageContext, inputs: Inputs<N>): Promise<readonly Pick<Sample, 'id' | 'image'>[]>;
}

/** Trains a segmentation network on label maps that another stage has made, such as pseudo labels. */
export function segmenterStage<const N extends Needs>(options: SegmenterStageOptions<N>): Stage<Weights> {
  const { name, settings, needs, schedule, batch, size, classes } = options;
  return trainStage({
    name,
    settings,
    needs,
    schedule,
    build: async (context, inputs) => {
      const streams = trainingStreams(context.seeds, name);
      const images = await options.images(context, inputs as unknown as Inputs<N>);
      const source = labelMapSource(images, inputs.labels as ImageValues<LabelMap>, options);
      return segmenterTraining(context.engine, {
        ...options,
        network: await options.network(context),
        batches: new LabelledBatches({ sources: [source], batch, classes: classes.length, random: streams.batches }),
        batch,
        size,
        iterations: schedule.iterations,
        noise: streams.noise,
      });
    },
  });
}

/** Images with label maps of raw class ids as a source of batches: normalised pixels [h, w, 3] with train ids. */
export function labelMapSource(
  images: readonly Pick<Sample, 'id' | 'image'>[],
  labels: Pick<ImageValues<LabelMap>, 'read'>,
  {
    size,
    flip,
    normalization,
    classes,
  }: Pick<SegmenterStageOptions<Needs>, 'size' | 'flip' | 'normalization' | 'classes'>,
): LabelledSource {
  const trainIds = new Map(classes.map((id, trainId) => [id, trainId]));
  return {
    length: images.length * (flip ? 2 : 1),
    grid: size,
    channels: 3,
    async read(index, target, offset = 0) {
      const { id, image } = images[index % images.length];
      const isFlipped = index >= images.length;
      const [photo, map] = await Promise.all([image(), labels.read(id)]);
      const pixels = normalize(resizeBilinear(photo, ...size), normalization);
      const small = resizeNearest(map, ...size);
      const known = { ...small, data: labelArray(classes.length, small.data.length) };
      const hidden = ignoreOf(known.data);
      for (const [i, value] of small.data.entries()) known.data[i] = trainIds.get(value) ?? hidden;
      target.set((isFlipped ? flipHorizontal(pixels) : pixels).data, offset);
      return (isFlipped ? flipHorizontal(known) : known).data;
    },
  };
}
