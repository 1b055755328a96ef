import { ConvNorm, ResNet, SummedAspp } from '@unseen/backbone';
import { ContextualModule } from '@unseen/contextual';
import type { SeedTree } from '@unseen/core';
import { foldBatchNorm, type Module } from '@unseen/nn';
import { type Ops, type Parameter, type Program, type Shape, sizeOf } from '@unseen/tensor';
import { type Benchmark, type ProgramStep, type Tensor, weightsOf } from './benchmark.ts';
import { programBenchmark } from './program-benchmark.ts';

/** Normal noise of a shape. */
export function normalValues(shape: Shape, seeds: SeedTree): Float32Array {
  return seeds.stream().fillNormal(new Float32Array(sizeOf(shape)));
}

/**
 * A training step whose loss is the mean of the network's map times a fixed direction: cheap, and every element of the
 * map has a gradient of its own.
 */
function trainingStep(options: {
  readonly name: string;
  readonly input: readonly [name: string, shape: Shape];
  readonly output: Shape;
  readonly network: Module;
  readonly optimizer: 'sgd' | 'adam';
  readonly seeds: SeedTree;
  forward<V>(ops: Ops<V>, x: V): V;
}): ProgramStep {
  const { name, output, network, optimizer, seeds, forward } = options;
  const [input, shape] = options.input;
  const program: Program = {
    name,
    training: true,
    inputs: { [input]: { shape, dtype: 'float32' }, direction: { shape: output, dtype: 'float32' } },
    describe: (ops, { [input]: x, direction }) => ({
      outputs: {},
      losses: {
        loss: { value: ops.mean(ops.mul(forward(ops, x), direction)), parameters: network.parameters() },
      },
    }),
  };
  return {
    program,
    feeds: {
      [input]: normalValues(shape, seeds.child(input)),
      direction: normalValues(output, seeds.child('direction')),
    },
    weights: weightsOf(network.namedParameters()),
    optimizer,
  };
}

/** What a ResNet of bottlenecks is built of. */
interface ResNetSizes {
  readonly depths: readonly number[];
  readonly widths: readonly number[];
  readonly stem: number;
  readonly outputStride: number;
  /** Side of the square image. */
  readonly image: number;
  /** PyTorch's convolutions have the normalisations folded in; ours always have. */
  readonly folded: boolean;
}

/** Caffe's placement of strides and ceil pooling, as in DeepLab v2. */
function buildResNet({ depths, widths, stem, outputStride }: ResNetSizes, seeds: SeedTree): ResNet {
  const network = new ResNet({
    block: 'bottleneck',
    depths,
    widths,
    strideOn: 'reduce',
    stem: { width: stem, kernel: 7, pool: 'ceil' },
    outputStride,
    norm: 'frozen',
    seeds: seeds.child('weights'),
  });
  const random = seeds.child('statistics').stream();
  const fill = ({ values }: Parameter, low: number, high: number) => {
    for (let i = 0; i < values.length; i++) values[i] = random.between(low, high);
  };
  for (const [name, parameter] of network.namedParameters()) {
    // Small scales at the end of each block: otherwise values double from block to block.
    if (name.endsWith('expand.norm.scale')) fill(parameter, 0.1, 0.3);
    else if (name.endsWith('norm.scale') || name.endsWith('norm.runningVariance')) fill(parameter, 0.8, 1.2);
    else if (name.endsWith('norm.shift') || name.endsWith('norm.runningMean')) fill(parameter, -0.1, 0.1);
  }
  return network;
}

/** Filters with the normalisations folded in, and the biases that come of it. */
function foldedWeights(network: ResNet): Map<string, Tensor> {
  const names = [...network.namedParameters().keys()].filter((name) => name.endsWith('.conv.weight'));
  return new Map(
    network.descendants(ConvNorm).flatMap(({ conv, norm }, i): [string, Tensor][] => {
      const { weight, bias } = foldBatchNorm({ weight: conv.weight }, norm);
      const base = names[i].slice(0, -'weight'.length);
      return [
        [`${base}weight`, { shape: conv.weight.shape, values: weight }],
        [`${base}bias`, { shape: [bias.length], values: bias }],
      ];
    }),
  );
}

const resNetTraining = (name: string, what: string, sizes: ResNetSizes): Benchmark =>
  programBenchmark({
    name,
    step: `${what}, output stride 8, frozen batch norm: forward, gradients of all filters, SGD with momentum`,
    torch: 'resnet',
    sizes,
    tiny: TINY_RESNET,
    build(given, seeds) {
      const network = buildResNet(given, seeds);
      const side = Math.ceil(given.image / given.outputStride);
      return trainingStep({
        name,
        input: ['images', [1, given.image, given.image, 3]],
        output: [1, side, side, network.taps[0].channels],
        network,
        optimizer: 'sgd',
        seeds,
        forward: (ops, x) => network.forward(ops, x)[0],
      });
    },
  });

const resNetInference = (name: string, what: string, sizes: ResNetSizes): Benchmark =>
  programBenchmark({
    name,
    step: `${what}, output stride 8: forward only${sizes.folded ? ', batch norm folded on both sides' : ''}`,
    torch: 'inference',
    sizes,
    tiny: { ...TINY_RESNET, folded: sizes.folded },
    build(given, seeds) {
      const network = buildResNet(given, seeds);
      const shape = [1, given.image, given.image, 3];
      return {
        program: {
          name,
          inputs: { images: { shape, dtype: 'float32' } },
          describe: (ops, { images }) => ({ outputs: { features: network.forward(ops, images)[0] } }),
        },
        feeds: { images: normalValues(shape, seeds.child('images')) },
        weights: given.folded ? foldedWeights(network) : weightsOf(network.namedParameters()),
        frozen: true,
      };
    },
  });

const TINY_RESNET: ResNetSizes = {
  depths: [1, 2, 1, 1],
  widths: [4, 4, 8, 8],
  stem: 4,
  outputStride: 8,
  image: 33,
  folded: false,
};

const resNet = (depths: readonly number[], image: number, folded = false): ResNetSizes => ({
  depths,
  widths: [64, 128, 256, 512],
  stem: 64,
  outputStride: 8,
  image,
  folded,
});
const RESNET_50 = [3, 4, 6, 3];
const RESNET_101 = [3, 4, 23, 3];

/** Two square matrices. */
export const matmul = programBenchmark({
  name: 'matmul',
  step: 'product of two matrices 2048x2048: what this machine can do at most',
  torch: 'matmul',
  sizes: { side: 2048 },
  tiny: { side: 24 },
  build({ side }, seeds) {
    const shape = [side, side];
    return {
      program: {
        name: 'matmul',
        inputs: { a: { shape, dtype: 'float32' }, b: { shape, dtype: 'float32' } },
        describe: (ops, { a, b }) => ({ outputs: { product: ops.matMul(a, b) } }),
      },
      feeds: { a: normalValues(shape, seeds.child('a')), b: normalValues(shape, seeds.child('b')) },
      weights: new Map(),
    };
  },
});

const head = programBenchmark({
  name: 'deeplabv2-head',
  step: 'summed ASPP, 2048 to 600 channels on 41x41: forward, gradients of all weights, SGD with momentum',
  torch: 'head',
  sizes: { batch: 1, grid: 41, inputs: 2048, outputs: 600, dilations: [6, 12, 18, 24] },
  tiny: { batch: 2, grid: 5, inputs: 6, outputs: 4, dilations: [1, 2] },
  build({ batch, grid, inputs, outputs, dilations }, seeds) {
    const network = new SummedAspp({ inputs, outputs, dilations, seeds: seeds.child('weights') });
    return trainingStep({
      name: 'deeplabv2-head',
      input: ['features', [batch, grid, grid, inputs]],
      output: [batch, grid, grid, outputs],
      network,
      optimizer: 'sgd',
      seeds,
      forward: (ops, x) => network.forward(ops, x),
    });
  },
});

const contextual = programBenchmark({
  name: 'contextual',
  step: "CaGNet's contextual module, 600 channels, 41x41, batch 8: forward, all gradients, Adam",
  torch: 'contextual',
  sizes: { batch: 8, grid: 41, channels: 600, width: 256, dilations: [1, 2, 5] },
  tiny: { batch: 2, grid: 6, channels: 5, width: 4, dilations: [1, 2] },
  build({ batch, grid, channels, width, dilations }, seeds) {
    const network = new ContextualModule({ channels, width, dilations, seeds: seeds.child('weights') });
    const shape = [batch, grid, grid, channels];
    return trainingStep({
      name: 'contextual',
      input: ['features', shape],
      output: shape,
      network,
      optimizer: 'adam',
      seeds,
      forward: (ops, x) => network.forward(ops, x).features,
    });
  },
});

/** The networks. */
export const networks: readonly Benchmark[] = [
  matmul,
  resNetTraining('resnet50-161-train', 'ResNet-50, 161x161', resNet(RESNET_50, 161)),
  resNetTraining('resnet50-321-train', 'ResNet-50, 321x321', resNet(RESNET_50, 321)),
  resNetTraining('resnet101-161-train', 'ResNet-101, 161x161', resNet(RESNET_101, 161)),
  resNetTraining('resnet101-321-train', 'ResNet-101, 321x321', resNet(RESNET_101, 321)),
  resNetInference('resnet101-321-inference', 'ResNet-101, 321x321', resNet(RESNET_101, 321)),
  resNetInference('resnet101-321-inference-folded', 'ResNet-101, 321x321', resNet(RESNET_101, 321, true)),
  head,
  contextual,
];
