import {
  backbones,
  type Encoder,
  type FeatureInfo,
  type SegmentationNetwork,
  segmentationNetworks,
} from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import type { Initializer, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** A network of either registry, seen alike. */
export interface Architecture {
  readonly name: string;
  /** Whether it is small enough for tests that compute. */
  readonly micro: boolean;
  /** Whether it is a segmentation network. */
  readonly segments: boolean;
  build(options: NetworkOptions): Network;
}

/** What an {@link Architecture} is built with. */
export interface NetworkOptions {
  readonly seeds: SeedTree;
  readonly init?: Initializer;
  readonly norm?: 'frozen' | 'trained';
  /** Of a segmentation network. Default 4. */
  readonly classes?: number;
}

/** A built {@link Architecture}. */
export interface Network {
  readonly module: Module;
  readonly encoder: Encoder;
  readonly stages: readonly FeatureInfo[];
  /** Every stage of an encoder; features, logits and scores of a segmentation network. */
  forward<V>(ops: Ops<V>, images: V): Readonly<Record<string, V>>;
}

const isMicro = (name: string) => name.startsWith('test_') || name.includes('_micro.');

function encoderNetwork(encoder: Encoder): Network {
  return {
    module: encoder,
    encoder,
    stages: encoder.stages,
    forward(ops, images) {
      const maps = encoder.forward(ops, images, encoder.stages);
      return Object.fromEntries(maps.map((map, i) => [encoder.stages[i].name, map]));
    },
  };
}

function segmentationNetwork(network: SegmentationNetwork): Network {
  const { stride, classes } = network;
  return {
    module: network,
    encoder: network.encoder,
    stages: [{ name: 'logits', channels: classes, stride }],
    forward(ops, images) {
      const [, height, width] = ops.shape(images);
      const maps = network.forward(ops, images);
      return { ...maps, scores: network.enlarge(ops, maps.logits, [height, width]) };
    },
  };
}

/** Both registries. */
export const architectures: readonly Architecture[] = [
  ...Object.values(backbones).map(
    ({ name, build }): Architecture => ({
      name,
      micro: isMicro(name),
      segments: false,
      build: ({ classes, ...options }) => encoderNetwork(build(options)),
    }),
  ),
  ...Object.values(segmentationNetworks).map(
    ({ name, build }): Architecture => ({
      name,
      micro: isMicro(name),
      segments: true,
      build: (options) => segmentationNetwork(build({ classes: 4, ...options })),
    }),
  ),
];
