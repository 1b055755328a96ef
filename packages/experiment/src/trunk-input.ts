import { viewsAtScales } from '@unseen/backbone';
import type { RandomStream } from '@unseen/core';
import { guardTraining } from '@unseen/data';
import { Standardize } from '@unseen/nn';
import { ShapeOps, Tape } from '@unseen/tensor';
import { normalize } from '@unseen/vision';
import { buildBackbone, loadExperimentBackbone } from './backbone.ts';
import { cropSource } from './crop-source.ts';
import { sizeAtScale, warpImage } from './extractor.ts';
import { FeatureBatches, type FeatureSource } from './feature-batches.ts';
import { type FeatureStores, openFeatures } from './features.ts';
import type { HeldOutProtocol } from './held-out.ts';
import type { StageContext } from './method.ts';
import { openProtocol, type ZeroShotProtocol } from './protocol.ts';
import { buildTrunk, type Trunk } from './trunk.ts';

type Grid = readonly [number, number];

/**
 * What the networks of a method learn from and are evaluated on, in front of its {@link Trunk}: stored features or,
 * with `backbone.train: true`, the images themselves.
 */
export interface TrunkInput {
  /** Channels of the maps that the trunk is given: 3 for images. */
  readonly channels: number;
  /** Of h in training, full scale first. */
  readonly grids: readonly Grid[];
  /** Where images are the input: the one size of a batch, and the scales at which the step sees it besides that. */
  readonly images?: { readonly size: Grid; readonly scales: readonly number[] };
  /** Validation maps at full scale, or those of the training images held out. */
  readonly val: {
    readonly grid: Grid;
    /** Writes map `index` [h · w · channels] into `target`. */
    read(index: number, target: Float32Array): Promise<void>;
  };
  /** Another trunk, its encoder with the weights of the experiment's file. */
  trunk(): Promise<Trunk>;
  /** Batches of maps with labels of seen classes on {@link grids}. */
  batches(options: { readonly batch: number; readonly random: RandomStream }): FeatureBatches;
  close(): Promise<void>;
}

/** What a method's networks learn from, with the classes. */
export interface OpenedInput {
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
}

/** Opens classes, vectors and what the networks learn from; in a dry run only their sizes are known. */
export async function openInput(context: StageContext): Promise<OpenedInput> {
  if (context.planned) return context.planned;
  const protocol = await openProtocol(context.config);
  return { protocol, input: await openTrunkInput(context, protocol) };
}

/** Opens what an experiment's networks learn from: the stores of its feature stage, or the images. */
export function openTrunkInput(
  context: StageContext,
  protocol: ZeroShotProtocol | HeldOutProtocol,
): Promise<TrunkInput> {
  return context.config.backbone.train ? openImages(context, protocol) : openStores(context, protocol);
}

async function openStores(
  context: StageContext,
  { split, ...protocol }: ZeroShotProtocol | HeldOutProtocol,
): Promise<TrunkInput> {
  const { config, seeds } = context;
  const stores = await openFeatures(context, split);
  const { channels, statistics, close } = stores;
  const { train, val } = 'heldOut' in protocol ? holdOutFeatures(stores, protocol.heldOut, config) : stores;
  return {
    channels,
    grids: train.map(({ grid }) => grid),
    val: {
      grid: val.grid,
      async read(index, target) {
        await val.read(index, target);
      },
    },
    async trunk() {
      const scaler = new Standardize(channels, config.backbone.standardize ? statistics : undefined);
      return buildTrunk(config, { channels, scaler }, seeds);
    },
    batches: (options) => new FeatureBatches({ sources: train, classes: split.seen.length, ...options }),
    close,
  };
}

/** Training maps without the images held out, and these, unflipped, in place of the validation maps. */
function holdOutFeatures(
  { train }: FeatureStores,
  heldOut: readonly number[],
  { features }: StageContext['config'],
): Pick<FeatureStores, 'train' | 'val'> {
  const views = features.flip ? 2 : 1;
  const out = new Set(heldOut);
  const all = Array.from({ length: train[0].length }, (_, view) => view);
  const kept = all.filter((view) => !out.has(Math.floor(view / views)));
  const select = (source: FeatureSource, indices: readonly number[]): FeatureSource => ({
    ...source,
    length: indices.length,
    read: (index, target, offset) => source.read(indices[index], target, offset),
  });
  return {
    train: train.map((source) => select(source, kept)),
    val: select(
      train[0],
      heldOut.map((image) => image * views),
    ),
  };
}

async function openImages({ config, seeds }: StageContext, protocol: ZeroShotProtocol): Promise<TrunkInput> {
  const { data, features, profile } = config;
  const { dataset, split } = protocol;
  const { definition, encoder } = buildBackbone(config.backbone);
  const training = guardTraining(dataset, split);
  const normalization = definition.input;
  const [base] = data.size;
  const crop = data.crop ?? base;
  const scales = features.scales.slice(1);
  const [{ channels }] = encoder.taps;
  const grids = gridsOf(buildTrunk(config, { encoder, channels }), crop, scales);
  return {
    channels: 3,
    grids,
    images: { size: [crop, crop], scales },
    val: {
      grid: data.size,
      async read(index, target) {
        target.set(normalize(warpImage(await dataset.val[index].image(), config), normalization).data);
      },
    },
    async trunk() {
      const loaded = await loadExperimentBackbone(config.backbone);
      return buildTrunk(config, { encoder: loaded.encoder, channels }, seeds);
    },
    batches: ({ batch, random }) =>
      new FeatureBatches({
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
export function planTrunkInput({ config, seeds }: Pick<StageContext, 'config' | 'seeds'>): TrunkInput {
  const { data, features, backbone } = config;
  const { encoder } = buildBackbone(backbone);
  const [{ channels }] = encoder.taps;
  const missing = () => Promise.reject(new Error('a dry run has no maps'));
  const side = data.crop ?? data.size[0];
  const sizes = backbone.train
    ? [
        [side, side] as const,
        ...features.scales.slice(1).map((s) => [Math.floor(side * s), Math.floor(side * s)] as const),
      ]
    : features.scales.map((scale) => sizeAtScale(config, scale));
  const grids = sizes.map((size): Grid => {
    const ops = new Tape(new ShapeOps(false));
    const [, height, width] = encoder.forward(ops, { shape: [1, ...size, 3] })[0].shape;
    return [height, width];
  });
  return {
    channels: backbone.train ? 3 : channels,
    grids,
    ...(backbone.train && { images: { size: [side, side], scales: features.scales.slice(1) } }),
    val: { grid: backbone.train ? data.size : grids[0], read: missing },
    trunk: async () => {
      const part = backbone.train ? { encoder } : { scaler: new Standardize(channels) };
      return buildTrunk(config, { channels, ...part }, seeds);
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
