import { viewsAtScales } from '@unseen/backbone';
import type { Dataset, RandomStream, ZeroShotSplit } from '@unseen/core';
import { guardTraining } from '@unseen/data';
import { Standardize } from '@unseen/nn';
import { ShapeOps, Tape } from '@unseen/tensor';
import { normalize } from '@unseen/vision';
import { buildBackbone, loadExperimentBackbone } from '../backbone.ts';
import { cropSource } from '../batches/crop-source.ts';
import { LabelledBatches, type LabelledSource } from '../batches/labelled-batches.ts';
import type { TrunkSettings } from '../config/schema.ts';
import type { BuildContext } from '../pipeline/stage.ts';
import { sizeAtScale, warpImage } from './extractor.ts';
import { type FeatureFile, openTrainFeatures, type TrainFeatures } from './feature-stage.ts';
import { buildTrunk, type Trunk } from './trunk.ts';

type Grid = readonly [number, number];

/** Settings that the input of a trunk depends on. */
export interface TrunkInputSettings extends Pick<TrunkSettings, 'backbone' | 'features'> {
  readonly data: Omit<TrunkSettings['data'], 'val' | 'allowMissing'>;
  readonly profile: 'default' | 'official';
}

/** Training images and the classes that may be learned from; some images may be held out. */
export interface TrainingProtocol {
  readonly dataset: Dataset;
  readonly split: ZeroShotSplit;
  /** Indices of training images that are held out for choosing settings. */
  readonly heldOut?: readonly number[];
}

/**
 * What the networks of a method learn from, in front of its {@link Trunk}: stored features or, with
 * `backbone.train: true`, the images themselves.
 */
export interface TrunkInput {
  /** Channels of the maps that the trunk is given: 3 for images. */
  readonly channels: number;
  /** Of h in training, full scale first. */
  readonly grids: readonly Grid[];
  /** Where images are the input: the one size of a batch, and the scales at which the step sees it besides that. */
  readonly images?: { readonly size: Grid; readonly scales: readonly number[] };
  /** Maps at full scale of the training images that are held out. */
  readonly heldOut: {
    readonly grid: Grid;
    /** Writes map `index` [h · w · channels] into `target`. */
    read(index: number, target: Float32Array): Promise<void>;
  };
  /** Another trunk, its encoder with the weights of the experiment's file. */
  trunk(): Promise<Trunk>;
  /** Batches of maps with labels of seen classes on {@link grids}. */
  batches(options: { readonly batch: number; readonly random: RandomStream }): LabelledBatches;
  close(): Promise<void>;
}

/** Opens what the networks of an experiment learn from: the store of its feature stage, or the images. */
export function openTrunkInput(
  settings: TrunkInputSettings,
  { seeds, atEnd }: Pick<BuildContext, 'seeds' | 'atEnd'>,
  protocol: TrainingProtocol,
  features: FeatureFile | undefined,
): Promise<TrunkInput> {
  if (settings.backbone.train) return openImages(settings, seeds, protocol);
  if (!features) throw new TypeError('a frozen backbone without a stage that stores its features');
  return openStore(settings, { seeds, atEnd }, protocol, features);
}

async function openStore(
  settings: TrunkInputSettings,
  { seeds, atEnd }: Pick<BuildContext, 'seeds' | 'atEnd'>,
  { split, heldOut = [] }: TrainingProtocol,
  features: FeatureFile,
): Promise<TrunkInput> {
  const store = await openTrainFeatures(settings, features, split);
  atEnd?.(store.close);
  const { channels, statistics, close } = store;
  const { kept, out } = divide(store, heldOut, settings);
  return {
    channels,
    grids: kept.map(({ grid }) => grid),
    heldOut: {
      grid: out.grid,
      async read(index, target) {
        await out.read(index, target);
      },
    },
    async trunk() {
      const scaler = new Standardize(channels, settings.backbone.standardize ? statistics : undefined);
      return buildTrunk(settings, { channels, scaler }, seeds);
    },
    batches: (options) => new LabelledBatches({ sources: kept, classes: split.seen.length, ...options }),
    close,
  };
}

/** Training maps without the images held out, and these at full scale and unflipped. */
function divide({ sources }: TrainFeatures, heldOut: readonly number[], { features }: TrunkInputSettings) {
  const views = features.flip ? 2 : 1;
  const out = new Set(heldOut);
  const all = Array.from({ length: sources[0].length }, (_, view) => view);
  const left = all.filter((view) => !out.has(Math.floor(view / views)));
  const select = (source: LabelledSource, indices: readonly number[]): LabelledSource => ({
    ...source,
    length: indices.length,
    read: (index, target, offset) => source.read(indices[index], target, offset),
  });
  return {
    kept: out.size === 0 ? sources : sources.map((source) => select(source, left)),
    out: select(
      sources[0],
      heldOut.map((image) => image * views),
    ),
  };
}

async function openImages(
  settings: TrunkInputSettings,
  seeds: BuildContext['seeds'],
  { dataset, split }: TrainingProtocol,
): Promise<TrunkInput> {
  const { data, features, profile, backbone } = settings;
  const { definition, encoder } = buildBackbone(backbone);
  const training = guardTraining(dataset, split);
  const normalization = definition.input;
  const [base] = data.size;
  const crop = data.crop ?? base;
  const scales = features.scales.slice(1);
  const [{ channels }] = encoder.taps;
  const grids = gridsOf(buildTrunk(settings, { encoder, channels }), crop, scales);
  return {
    channels: 3,
    grids,
    images: { size: [crop, crop], scales },
    heldOut: {
      grid: data.size,
      async read(index, target) {
        // The protocol hands the images held out over as its validation images.
        target.set(normalize(warpImage(await dataset.val[index].image(), settings), normalization).data);
      },
    },
    async trunk() {
      const loaded = await loadExperimentBackbone(backbone);
      return buildTrunk(settings, { encoder: loaded.encoder, channels }, seeds);
    },
    batches: ({ batch, random }) =>
      new LabelledBatches({
        sources: [cropSource(training, { base, crop, profile, normalization, random })],
        labelGrids: grids,
        classes: split.seen.length,
        batch,
        random,
      }),
    close: async () => {},
  };
}

/** {@link TrunkInput} of an experiment whose data need not be there: sizes and networks, but no maps. */
export function planTrunkInput(settings: TrunkInputSettings, { seeds }: Pick<BuildContext, 'seeds'>): TrunkInput {
  const { data, features, backbone } = settings;
  const { encoder } = buildBackbone(backbone);
  const [{ channels }] = encoder.taps;
  const missing = () => Promise.reject(new Error('a dry run has no maps'));
  const side = data.crop ?? data.size[0];
  const sizes = backbone.train
    ? [
        [side, side] as const,
        ...features.scales.slice(1).map((s) => [Math.floor(side * s), Math.floor(side * s)] as const),
      ]
    : features.scales.map((scale) => sizeAtScale(settings, scale));
  const grids = sizes.map((size): Grid => {
    const ops = new Tape(new ShapeOps(false));
    const [, height, width] = encoder.forward(ops, { shape: [1, ...size, 3] })[0].shape;
    return [height, width];
  });
  return {
    channels: backbone.train ? 3 : channels,
    grids,
    ...(backbone.train && { images: { size: [side, side], scales: features.scales.slice(1) } }),
    heldOut: { grid: backbone.train ? data.size : grids[0], read: missing },
    trunk: async () => {
      const part = backbone.train ? { encoder } : { scaler: new Standardize(channels) };
      return buildTrunk(settings, { channels, ...part }, seeds);
    },
    batches: () => {
      throw new Error('a dry run has no batches');
    },
    close: async () => {},
  };
}

/** Grids of h for square images at full size and at further scales. */
function gridsOf(trunk: Trunk, side: number, scales: readonly number[]): Grid[] {
  const ops = new Tape(new ShapeOps(false));
  const views = viewsAtScales(ops, { shape: [1, side, side, 3] }, (view) => trunk.forward(ops, view), scales);
  return views.map(({ shape: [, height, width] }) => [height, width]);
}
