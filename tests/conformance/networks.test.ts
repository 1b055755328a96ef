import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ConcatAspp,
  ConvNorm,
  DeepLabV3PlusDecoder,
  fuseMaximum,
  LargeFovHead,
  PixelHead,
  SummedAspp,
  viewsAtScales,
} from '@unseen/backbone';
import { FeatureHeads, PatchHeads, WordVectorProjection } from '@unseen/classifier';
import { ContextSelector, ContextualModule, LatentHead, type SelectorActivation } from '@unseen/contextual';
import {
  BatchNorm,
  Conv2d,
  Dense,
  DepthwiseConv2d,
  dropout,
  GroupNorm,
  Module,
  Standardize,
  trackStatistics,
} from '@unseen/nn';
import { CategoryPatchGenerator, FeatureGenerator, GraphGenerator, MaskedConv2d } from '@unseen/synthesis';
import type { Ops } from '@unseen/tensor';
import { Cagnet, cagnetSettings, chooseByProfile } from '@unseen/zero-shot';
import { describe, expect, it } from 'vitest';
import { expectForAll } from './compare.ts';
import { type Draw, draws, labelInput, normalInput, type Sample, stir } from './sample.ts';
import { supervisionCases } from './supervision.ts';

const GRAPH_SIZES = { embedding: 3, noise: 2, features: 4, hidden: 5 };
const PACKAGES = join(import.meta.dirname, '../../packages');

interface NetworkCase {
  /** On the positions of a map [n, h, w] or, where it takes them, on rows [n]. */
  readonly sample: (draw: Draw, positions: readonly number[]) => Omit<Sample, 'name'>;
  /** Whether it also takes rows. Default false. */
  readonly rows?: boolean;
}

type Variants = Readonly<Record<string, NetworkCase>>;

interface SingleOptions<M> {
  readonly build: (draw: Draw) => M;
  readonly channels: number;
  readonly rows?: boolean;
  /** Default true. */
  readonly training?: boolean;
  readonly forward: <V>(ops: Ops<V>, network: M, x: V) => Readonly<Record<string, V>>;
}

/** A case of a network with one input. */
function single<M extends Module>(options: SingleOptions<M>): NetworkCase {
  const { build, channels, rows = false, training = true, forward } = options;
  return {
    rows,
    sample: (draw, positions) => {
      const network = stir(build(draw), draw);
      return {
        training,
        parameters: network.parameters(),
        inputs: { x: normalInput(draw, 'x', [...positions, channels]) },
        forward: (ops, { x }) => forward(ops, network, x),
      };
    },
  };
}

/** Every combination of choices, by name. */
function combinations<C extends Readonly<Record<string, readonly unknown[]>>>(
  choices: C,
  make: (choice: { readonly [K in keyof C]: C[K][number] }) => NetworkCase,
): Variants {
  const all = Object.entries(choices).reduce<Record<string, unknown>[]>(
    (found, [name, values]) => found.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
  return Object.fromEntries(
    all.map((choice) => [JSON.stringify(choice), make(choice as { readonly [K in keyof C]: C[K][number] })]),
  );
}

const selectors: readonly SelectorActivation[] = ['sigmoid', 'relu-sigmoid', 'softmax'];
const seedsOf = (draw: Draw) => draw.seeds.child('network');

/** Centre and deviation of each channel, as they come out of real features. */
function statistics(draw: Draw, channels: number) {
  const random = draw.seeds.child('statistics').stream();
  return {
    mean: random.fillNormal(new Float32Array(channels)),
    deviation: Float32Array.from({ length: channels }, () => random.between(0.1, 2)),
  };
}

const cagnet = (profile: 'default' | 'official'): NetworkCase => {
  const settings = cagnetSettings.shape.cagnet.parse({
    network: { contextual: { width: 4 }, generator: { hidden: [9, 7], dropout: [0.1, 0.5] }, heads: { hidden: 8 } },
  });
  const sizes = { channels: 6, embedding: 3, seen: 3, unseen: 2 };
  return {
    sample: (draw, positions) => {
      const choices = chooseByProfile(profile, settings);
      const network = stir(new Cagnet(sizes, settings.network, choices, seedsOf(draw)), draw);
      return {
        training: true,
        parameters: network.parameters(),
        inputs: {
          h: normalInput(draw, 'h', [...positions, sizes.channels]),
          words: normalInput(draw, 'words', [...positions, sizes.embedding]),
        },
        forward(ops, { h, words }) {
          const real = network.contextual.forward(ops, h);
          const synthetic = network.generator.forward(ops, words, real.z);
          const judged = network.heads.forward(ops, synthetic);
          return { synthetic, ...judged, mu: real.mu, onReal: network.heads.forward(ops, real.features).logits };
        },
      };
    },
  };
};

/** The cases of every class of networks that a package exports; encoders have theirs by the registry of backbones. */
const cases: Readonly<Record<string, Variants>> = {
  Conv2d: combinations({ kernel: [1, 3, 5], stride: [1, 2], dilation: [1, 2], bias: [true, false] }, (choice) =>
    single({
      channels: 4,
      build: (draw) => new Conv2d({ inputs: 4, outputs: 5, ...choice, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  DepthwiseConv2d: combinations({ kernel: [3, 5], stride: [1, 2], dilation: [1, 2], bias: [true, false] }, (choice) =>
    single({
      channels: 4,
      build: (draw) => new DepthwiseConv2d({ channels: 4, ...choice, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  Dense: combinations({ bias: [true, false], outputs: [1, 6] }, (choice) =>
    single({
      channels: 5,
      rows: true,
      build: (draw) => new Dense({ inputs: 5, ...choice, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  BatchNorm: combinations({ frozen: [true, false], training: [true, false] }, ({ frozen, training }) =>
    single({
      channels: 4,
      rows: true,
      training,
      build: () => new BatchNorm({ channels: 4, frozen }),
      forward(ops, network, x) {
        const { result, outputs } = trackStatistics(ops, [network], () => network.forward(ops, x));
        return { y: ops.tanh(result), ...outputs };
      },
    }),
  ),
  GroupNorm: combinations({ groups: [1, 2, 6] }, ({ groups }) =>
    single({
      channels: 6,
      build: () => new GroupNorm({ channels: 6, groups }),
      forward: (ops, network, x) => ({ y: ops.tanh(network.forward(ops, x)) }),
    }),
  ),
  Standardize: combinations({ given: [true, false] }, ({ given }) =>
    single({
      channels: 4,
      rows: true,
      build: (draw) => new Standardize(4, given ? statistics(draw, 4) : undefined),
      forward: (ops, network, x) => ({ y: ops.sigmoid(network.forward(ops, x)) }),
    }),
  ),
  ConvNorm: combinations(
    { norm: ['frozen', 'affine', 'trained'], depthwise: [true, false], stride: [1, 2] } as const,
    ({ norm, depthwise, stride }) =>
      single({
        channels: 4,
        build: (draw) => {
          const sizes = { inputs: 4, outputs: 4, kernel: 3, stride };
          return new ConvNorm({ ...sizes, norm, depthwise, seeds: seedsOf(draw) });
        },
        forward: (ops, network, x) => ({ y: ops.relu(network.forward(ops, x)) }),
      }),
  ),
  SummedAspp: {
    'at its dilations': single({
      channels: 5,
      build: (draw) => new SummedAspp({ inputs: 5, outputs: 4, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
    'on several scales, with the maximum of all': single({
      channels: 4,
      build: (draw) => new SummedAspp({ inputs: 4, outputs: 3, dilations: [1, 2], seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({
        y: fuseMaximum(
          ops,
          viewsAtScales(ops, x, (view) => network.forward(ops, view)),
        ),
      }),
    }),
  },
  LargeFovHead: combinations({ bias: [true, false], dropout: [0.5, 0], training: [true, false] }, (choice) =>
    single({
      channels: 4,
      training: choice.training,
      build: (draw) =>
        new LargeFovHead({ inputs: 4, width: 6, dilation: 2, classes: 3, ...choice, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  ConcatAspp: {
    ...combinations({ imageNorm: [true, false] }, ({ imageNorm }) =>
      single({
        channels: 5,
        build: (draw) => new ConcatAspp({ inputs: 5, outputs: 4, dilations: [1, 2], imageNorm, seeds: seedsOf(draw) }),
        forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
      }),
    ),
    'with the statistics of the batch': single({
      channels: 4,
      build: (draw) => {
        const sizes = { inputs: 4, outputs: 3, dilations: [2] };
        return new ConcatAspp({ ...sizes, imageNorm: false, norm: 'trained', seeds: seedsOf(draw) });
      },
      forward(ops, network, x) {
        const { result, outputs } = trackStatistics(ops, network.descendants(BatchNorm), () => network.forward(ops, x));
        return { y: result, ...outputs };
      },
    }),
  },
  DeepLabV3PlusDecoder: combinations({ heads: ['linear', 'hidden'], dropout: [true, false] } as const, (choice) => ({
    sample: (draw, positions) => {
      const [n, height, width] = positions;
      const sizes = { inputs: [3, 5], classes: 4, width: 6, lowLevelWidth: 2, dilations: [1, 2] } as const;
      const options = { ...sizes, heads: choice.heads, embedding: 3, seeds: seedsOf(draw) };
      const network = stir(new DeepLabV3PlusDecoder(options), draw);
      return {
        training: true,
        parameters: network.parameters(),
        inputs: {
          low: normalInput(draw, 'low', [n, 2 * height - 1, 2 * width, 3]),
          high: normalInput(draw, 'high', [n, height, width, 5]),
        },
        forward: (ops, { low, high }) => ({ ...network.forward(ops, [low, high], { dropout: choice.dropout }) }),
      };
    },
  })),
  PixelHead: combinations({ hidden: [undefined, 7] }, ({ hidden }) =>
    single({
      channels: 5,
      rows: true,
      build: (draw) => new PixelHead({ inputs: 5, outputs: 4, hidden, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  ContextSelector: combinations({ activation: selectors, scales: [1, 3] }, ({ activation, scales }) =>
    single({
      channels: 4 * scales,
      build: (draw) => new ContextSelector({ inputs: 4 * scales, scales, activation, seeds: seedsOf(draw) }),
      forward(ops, network, x) {
        const selection = network.forward(ops, x);
        const [n, height, width] = ops.shape(x);
        const maps = Array.from({ length: scales }, (_, k) => ops.slice(x, [0, 0, 0, 4 * k], [n, height, width, 4]));
        return { selection, weighed: network.weigh(ops, maps, selection) };
      },
    }),
  ),
  LatentHead: combinations(
    { kernel: [1, 3], reluLogVariance: [true, false], sample: [true, false] } as const,
    (choice) =>
      single({
        channels: 4,
        build: (draw) => new LatentHead({ channels: 4, ...choice, seeds: seedsOf(draw) }),
        forward: (ops, network, x) => ({ ...network.forward(ops, x, choice.sample) }),
      }),
  ),
  ContextualModule: combinations(
    { selector: selectors, latentKernel: [1, 3], reluLogVariance: [true, false], training: [true, false] } as const,
    ({ training, ...choice }) =>
      single({
        channels: 4,
        training,
        build: (draw) => new ContextualModule({ channels: 4, width: 3, ...choice, seeds: seedsOf(draw) }),
        forward: (ops, network, x) => ({ ...network.forward(ops, x) }),
      }),
  ),
  FeatureGenerator: combinations(
    { output: ['sigmoid', 'linear'], training: [true, false] } as const,
    ({ output, training }) => ({
      rows: true,
      sample: (draw, positions) => {
        const sizes = { embedding: 4, latent: 3, features: 5, hidden: [8, 7, 9], dropout: [0.1, 0, 0.5] };
        const network = stir(new FeatureGenerator({ ...sizes, output, seeds: seedsOf(draw) }), draw);
        return {
          training,
          parameters: network.parameters(),
          inputs: {
            words: normalInput(draw, 'words', [...positions, 4]),
            latent: normalInput(draw, 'latent', [...positions, 3]),
          },
          forward: (ops, { words, latent }) => ({ y: network.forward(ops, words, latent) }),
        };
      },
    }),
  ),
  GraphGenerator: {
    'in training': {
      sample: (draw, [batch, height, width]) => {
        const nodes = batch * height * width;
        const network = stir(new GraphGenerator({ ...GRAPH_SIZES, seeds: seedsOf(draw) }), draw);
        return {
          training: true,
          parameters: network.parameters(),
          inputs: {
            words: normalInput(draw, 'words', [nodes, GRAPH_SIZES.embedding]),
            noise: normalInput(draw, 'noise', [nodes, GRAPH_SIZES.noise]),
            propagation: normalInput(draw, 'propagation', [nodes, nodes], (x) => x / nodes),
          },
          forward: (ops, { words, noise, propagation }) => ({ y: network.forward(ops, words, noise, propagation) }),
        };
      },
    },
  },
  FeatureHeads: combinations(
    {
      centre: [
        { offset: 0, scale: 1 },
        { offset: 0.5, scale: 4 },
      ],
      training: [true, false],
    } as const,
    ({ centre, training }) =>
      single({
        channels: 6,
        rows: true,
        training,
        build: (draw) => new FeatureHeads({ features: 6, hidden: 9, classes: 4, centre, seeds: seedsOf(draw) }),
        forward: (ops, network, x) => ({ ...network.forward(ops, dropout(ops, x, 0.2)) }),
      }),
  ),
  PatchHeads: combinations({ size: [3, 5] }, ({ size }) =>
    single({
      channels: 6,
      build: (draw) => new PatchHeads({ features: 6, hidden: 9, classes: 4, size, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => {
        const [n, height, width, channels] = ops.shape(x);
        const whole = height >= size && width >= size;
        const patches = whole ? ops.slice(x, [0, 0, 0, 0], [n, size, size, channels]) : undefined;
        return { ...network.forward(ops, x), ...(patches && { centres: network.centreLogits(ops, patches) }) };
      },
    }),
  ),
  MaskedConv2d: combinations({ type: ['A', 'B'], kernel: [3, 7] } as const, (choice) =>
    single({
      channels: 4,
      build: (draw) => new MaskedConv2d({ inputs: 4, outputs: 5, ...choice, seeds: seedsOf(draw) }),
      forward: (ops, network, x) => ({ y: network.forward(ops, x) }),
    }),
  ),
  CategoryPatchGenerator: combinations({ training: [true, false] }, ({ training }) => ({
    sample: (draw, [batch]) => {
      const random = draw.seeds.child('categories').stream();
      const vectors = Array.from({ length: 5 }, () => random.fillNormal(new Float32Array(4)));
      const sizes = { layers: 3, width: 6, kernel: 5 };
      const network = stir(new CategoryPatchGenerator({ vectors, ...sizes, seeds: seedsOf(draw) }), draw);
      const inputs = {
        patches: labelInput(draw, [batch, 3, 3], 5),
        condition: labelInput(draw, [batch, 3, 3], 5, 0),
      };
      return {
        training,
        parameters: network.parameters(),
        inputs,
        forward: (ops, { patches, condition }) => ({ y: network.forward(ops, patches, condition) }),
      };
    },
  })),
  WordVectorProjection: combinations(
    { projection: [{}, { hidden: [7, 9], dropout: 0.5 }, null], training: [true, false], classes: [2, 5] } as const,
    ({ projection, training, classes }) =>
      single({
        channels: 6,
        rows: true,
        training,
        build: (draw) => {
          const random = draw.seeds.child('vectors').stream();
          const vectors = Array.from({ length: 5 }, () => random.fillNormal(new Float32Array(6)));
          return new WordVectorProjection({ features: 6, vectors, projection, seeds: seedsOf(draw) });
        },
        forward: (ops, network, x) => ({ y: network.forward(ops, x, classes) }),
      }),
  ),
  ...supervisionCases,
  Cagnet: { 'of the default profile': cagnet('default'), 'of the official profile': cagnet('official') },
};

/** Classes without a case here: abstract ones, parts and arrangements of networks that have one, and what has a registry: encoders, segmentation networks. */
const OTHERS = [
  'Module',
  'Encoder',
  'ResNet',
  'MobileNetV1',
  'Vgg',
  'LargeFov',
  'SegmentationNetwork',
  'DeepLabV2',
  'DeepLabV3Plus',
  'DeepLabLargeFov',
  'PixelClassifier',
  'GraphConvolution',
  'Zs3Net',
  'CagnetSegmenter',
  'RelationNetwork',
  'ErrorLocalizer',
  'ElnNetworks',
  'Trunk',
];

it('has a case for every class of networks that a package exports', async () => {
  const names = readdirSync(PACKAGES).filter((name) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8'));
    return name === 'nn' || (name !== 'cli' && Object.hasOwn(dependencies, '@unseen/nn'));
  });
  const exported: object[] = await Promise.all(names.map((name) => import(join(PACKAGES, name, 'src/index.ts'))));
  const networks = exported
    .flatMap((module) => Object.entries(module))
    .filter(([, value]) => value === Module || value?.prototype instanceof Module)
    .map(([name]) => name);
  const listed = new Set([...Object.keys(cases), ...OTHERS]);
  expect(networks.filter((name) => !listed.has(name))).toEqual([]);
  expect(Object.keys(cases).filter((name) => !networks.includes(name))).toEqual([]);
});

describe.each(Object.entries(cases))('%s', (_, variants) => {
  it.each(Object.entries(variants))('%s is the same, compiled and eager', async (name, { sample, rows = false }) => {
    const onMap = (draw: Draw) => ({ name, ...sample(draw, [draw.batch, draw.height, draw.width]) });
    await expectForAll(draws(4, 7), onMap, { runs: 2 });
    if (rows)
      await expectForAll(draws(2, 7), (draw) => ({ name, ...sample(draw, [draw.height * draw.width]) }), { runs: 2 });
  });
});
