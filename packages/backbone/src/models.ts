import { didYouMean, lookUp, SeedTree, UserError } from '@unseen/core';
import type { Initializer, Module } from '@unseen/nn';
import { countFlops, type Ops, ShapeOps, sizeOf, Tape } from '@unseen/tensor';
import type { Normalization } from '@unseen/vision';
import type { BackboneDefinition, SegmentationDefinition, WeightsInfo } from './definition.ts';
import type { Encoder, FeatureInfo } from './encoder.ts';
import { backbones, createBackbone } from './registry.ts';
import { createSegmentationNetwork, segmentationNetworks } from './segmentation-registry.ts';

/** Properties of a registered network that do not depend on the image size. */
export interface ModelEntry {
  readonly name: string;
  readonly kind: 'backbone' | 'segmentation';
  /** Backbone of a segmentation network. */
  readonly backbone?: string;
  /** Trainable weights and biases, including those of normalisations; for segmentation networks, with 21 classes. */
  readonly parameters: number;
  readonly outputStrides: readonly number[];
  readonly input: Normalization;
  /** Published weights of the network or, if there are none, of its backbone. */
  readonly weights?: WeightsInfo;
  readonly paper?: string;
}

/** A {@link ModelEntry} with properties that depend on the image size. */
export interface ModelDescription extends ModelEntry {
  readonly size: readonly [height: number, width: number];
  readonly outputStride: number;
  readonly classes?: number;
  /** Values that training updates without gradients: running means and variances. */
  readonly statistics: number;
  /** Per image, counting an addition and a multiplication as two. */
  readonly flops: number;
  readonly stages: readonly (FeatureInfo & { readonly grid: readonly [height: number, width: number] })[];
  /** Names of the stages that the network returns, or that a segmentation network uses. */
  readonly taps: readonly string[];
}

/** Options of {@link describeModel}. */
export interface DescribeOptions {
  /** Default 512×512. */
  readonly size?: readonly [height: number, width: number];
  /** Default: the network's natural one. */
  readonly outputStride?: number;
  /** For segmentation networks. Default 21. */
  readonly classes?: number;
}

interface Model {
  readonly module: Module;
  readonly encoder: Encoder;
  forward<V>(ops: Ops<V>, images: V): Readonly<Record<string, V>>;
}

const CLASSES = 21;

type Definition =
  | { readonly kind: 'backbone'; readonly definition: BackboneDefinition }
  | { readonly kind: 'segmentation'; readonly definition: SegmentationDefinition };

function definitions(): Record<string, Definition> {
  return Object.fromEntries<Definition>([
    ...Object.values(backbones).map((definition) => [definition.name, { kind: 'backbone', definition }] as const),
    ...Object.values(segmentationNetworks).map(
      (definition) => [definition.name, { kind: 'segmentation', definition }] as const,
    ),
  ]);
}

/**
 * The networks whose names contain `filter`, ignoring case; `*` matches anything. If there are none, a `UserError` with
 * the closest name.
 */
export function listModels(filter = ''): ModelEntry[] {
  const pattern = new RegExp(filter.split('*').map(escaped).join('.*'), 'i');
  const all = definitions();
  const names = Object.keys(all).filter((name) => pattern.test(name));
  if (names.length === 0) {
    throw new UserError({
      given: `no model name contains '${filter}'`,
      expected: `part of one of: ${Object.keys(all).join(', ')}`,
      ...didYouMean(filter, [...Object.keys(all), ...Object.keys(all).map((name) => name.split(/[._]/)[0])]),
    });
  }
  return names.map((name) => entryOf(all[name], build(all[name], {})));
}

/** Describes a network of either registry for a given image size. Unknown names and output strides are `UserError`s. */
export function describeModel(name: string, options: DescribeOptions = {}): ModelDescription {
  const found = lookUp(definitions(), name, 'model');
  const { size = [512, 512], classes = CLASSES } = options;
  if (found.kind === 'backbone' && options.classes !== undefined) {
    throw new UserError({
      given: `classes for ${name}`,
      expected: 'a segmentation network, since backbones have no classes',
    });
  }
  const model = build(found, options);
  const { encoder, module } = model;
  const shape = [1, ...size, encoder.inputs];
  const grids = encoder.forward(new Tape(new ShapeOps(false)), { shape }, encoder.stages);
  const flops = countFlops({
    name,
    inputs: { images: { shape, dtype: 'float32' } },
    describe: (ops, { images }) => ({ outputs: model.forward(ops, images) }),
  });
  const all = [...module.namedParameters().values()].reduce((sum, { values }) => sum + values.length, 0);
  return {
    ...entryOf(found, model),
    size,
    outputStride: encoder.stages[encoder.stages.length - 1].stride,
    ...(found.kind === 'segmentation' && { classes }),
    statistics: all - module.parameterCount(),
    flops,
    stages: encoder.stages.map((stage, i) => ({ ...stage, grid: [grids[i].shape[1], grids[i].shape[2]] })),
    taps: encoder.taps.map((tap) => tap.name),
  };
}

function entryOf({ kind, definition }: Definition, { module }: Model): ModelEntry {
  const { name, input, outputStrides } = definition;
  const weights = definition.weights ?? (kind === 'segmentation' ? backbones[definition.backbone].weights : undefined);
  const paper = kind === 'segmentation' ? definition.paper : weights?.paper;
  return {
    name,
    kind,
    ...(kind === 'segmentation' && { backbone: definition.backbone }),
    parameters: module.parameterCount(),
    outputStrides,
    input,
    ...(weights && { weights }),
    ...(paper && { paper }),
  };
}

function build({ kind, definition }: Definition, { outputStride, classes = CLASSES }: DescribeOptions): Model {
  const options = { outputStride, norm: 'trained', init: unread, seeds: new SeedTree(0) } as const;
  if (kind === 'segmentation') {
    const network = createSegmentationNetwork(definition.name, { ...options, classes });
    return { module: network, encoder: network.encoder, forward: (ops, x) => ({ ...network.forward(ops, x) }) };
  }
  const encoder = createBackbone(definition.name, options);
  const forward = <V>(ops: Ops<V>, images: V) =>
    Object.fromEntries(encoder.forward(ops, images).map((map, i) => [encoder.taps[i].name, map]));
  return { module: encoder, encoder, forward };
}

let zeros = new Float32Array(0);

/** Weights that are counted and never read need no memory of their own: all share one array, which nobody touches. */
const unread: Initializer = (shape) => {
  const size = sizeOf(shape);
  if (zeros.length < size) zeros = new Float32Array(size);
  return zeros.subarray(0, size);
};

const escaped = (text: string) => text.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&');
