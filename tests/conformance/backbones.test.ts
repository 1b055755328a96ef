import { type BackboneOptions, backbones, createBackbone, type Encoder, ResNet, Vgg } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { BatchNorm, constant, trackStatistics } from '@unseen/nn';
import { type Ops, type Program, type Shape, ShapeOps, Tape } from '@unseen/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordProgram } from '../../packages/onnx/src/description.ts';
import { lower } from '../../packages/onnx/src/lower.ts';
import { expectForAll } from './compare.ts';
import { type Draw, draws, normalInput, type Sample, stir } from './sample.ts';

type Build = (options: BackboneOptions) => Encoder;

const registered =
  (name: string): Build =>
  (options) =>
    createBackbone(name, options);

interface SmallNetwork {
  readonly build: Build;
  /** Bounds of the images' sides; 11 to 17 where there are none. */
  readonly sides?: readonly [number, number];
  /** Stages compared under trained normalisation; default: the first and the last. */
  readonly trainedTaps?: readonly string[];
}

const narrow = { depths: [1, 2, 2, 2], widths: [9, 8, 5, 7] } as const;
const narrowVgg = { depths: [1, 1, 1, 2, 2], widths: [4, 5, 6, 7, 8] } as const;
const stem = { width: 10, kernel: 7 } as const;
/*
 * Statistics of small batches amplify roundings from layer to layer: behind some twenty of them float32 results of any
 * two engines agree to 10⁻³ only (the compiled one being the closer to double precision). The remaining layers are
 * those of the stages before, and are compared under frozen normalisation.
 */
const large = { sides: [27, 33], trainedTaps: ['stem', 'stage1'] } as const;

/** Networks with the layers of the registered ones and few channels. */
const small: Readonly<Record<string, SmallNetwork>> = {
  basic: {
    build: (options) => new ResNet({ block: 'basic', ...narrow, stem: { ...stem, pool: 'floor' }, ...options }),
    ...large,
  },
  bottleneck: {
    build: (options) => new ResNet({ block: 'bottleneck', ...narrow, stem: { ...stem, pool: 'floor' }, ...options }),
    ...large,
  },
  caffe: {
    build: (options) =>
      new ResNet({ block: 'bottleneck', strideOn: 'reduce', ...narrow, stem: { ...stem, pool: 'ceil' }, ...options }),
    ...large,
  },
  micro: { build: registered('test_resnet.micro') },
  toy: { build: registered('resnet_micro.toy_attributes') },
  microBottleneck: { build: registered('test_resnet_bottleneck.micro'), trainedTaps: ['stem', 'stage2'] },
  microCaffe: { build: registered('test_resnet_caffe.micro'), ...large },
  mobileNet: {
    build: registered('test_mobilenet.micro'),
    // The asymmetric padding of its strides needs a map of 2×2 before the last one.
    sides: [33, 36],
    trainedTaps: ['stem', 'block3'],
  },
  vgg: { build: (options) => new Vgg({ ...narrowVgg, ...options }), sides: [27, 33] },
  vggLargeFov: {
    build: (options) =>
      new Vgg({ ...narrowVgg, ...options, pooling: 'deeplab', largeFov: { width: 6 }, outputStride: 8 }),
    sides: [27, 33],
  },
  microVgg: { build: registered('test_vgg.micro') },
  microVggLargeFov: { build: registered('test_vgg_largefov.micro') },
};

/** Which of them stands for each entry of the registry. */
const representatives: Readonly<Record<string, string>> = {
  'resnet18.tv_in1k': 'basic',
  'resnet34.tv_in1k': 'basic',
  'resnet50.tv_in1k': 'bottleneck',
  'resnet101.tv_in1k': 'bottleneck',
  'resnet50.caffe_in1k': 'caffe',
  'resnet101.caffe_in1k': 'caffe',
  'test_resnet.micro': 'micro',
  'resnet_micro.toy_attributes': 'toy',
  'test_resnet_bottleneck.micro': 'microBottleneck',
  'test_resnet_caffe.micro': 'microCaffe',
  'mobilenet_v1_025.keras_in1k': 'mobileNet',
  'mobilenet_v1_050.keras_in1k': 'mobileNet',
  'mobilenet_v1_075.keras_in1k': 'mobileNet',
  'mobilenet_v1_100.keras_in1k': 'mobileNet',
  'test_mobilenet.micro': 'mobileNet',
  'vgg16.tv_in1k': 'vgg',
  'vgg16_largefov.caffe_in1k': 'vggLargeFov',
  'test_vgg.micro': 'microVgg',
  'test_vgg_largefov.micro': 'microVggLargeFov',
};

const outputStridesOf = (kind: string) =>
  Object.values(backbones).find(({ name }) => representatives[name] === kind)!.outputStrides;

/** Kernels and options of everything with a window that an encoder computes, for each output stride. */
function windowsOf(build: Build, outputStrides: readonly number[]): Set<string> {
  const found = new Set<string>();
  for (const outputStride of outputStrides) {
    const tape = new Tape(new ShapeOps(true));
    const watched = new Proxy<Ops<{ readonly shape: Shape }>>(tape, {
      get(target, name: keyof Ops<unknown>) {
        const member = target[name];
        if (typeof member !== 'function') return member;
        return (...given: { readonly shape?: Shape }[]) => {
          if (name === 'conv2d' || name === 'depthwiseConv2d')
            found.add(`${name} ${given[1].shape?.slice(2)} ${JSON.stringify(given[2])} at ${outputStride}`);
          else if (/pool|resize|relu/i.test(name)) found.add(`${name} ${JSON.stringify(given[1])} at ${outputStride}`);
          return (member as (...all: unknown[]) => unknown).apply(target, given);
        };
      },
    });
    build({ outputStride, init: constant(0), seeds: new SeedTree(0) }).forward(watched, { shape: [1, 65, 97, 3] });
  }
  return found;
}

describe.each(Object.values(backbones))('$name', ({ name, build, outputStrides }) => {
  it('is represented by a small network with the same layers', () => {
    const kind = representatives[name];
    expect(kind, `a small network for '${name}'`).toBeDefined();
    const computed = windowsOf(small[kind].build, outputStrides);
    const missing = [...windowsOf(build, outputStrides)].filter((window) => !computed.has(window));
    expect(missing).toEqual([]);
  });

  it('is recorded as a training step with the reference shapes and a gradient for every weight', () => {
    const encoder = build({
      outputStride: outputStrides[0],
      norm: 'trained',
      init: constant(0),
      seeds: new SeedTree(0),
    });
    const program: Program = {
      name,
      training: true,
      inputs: { images: { shape: [1, 65, 97, 3], dtype: 'float32' } },
      describe(ops, { images }) {
        const [features] = encoder.forward(ops, images);
        return {
          outputs: { features },
          losses: { loss: { value: ops.mean(features), parameters: encoder.parameters() } },
        };
      },
    };
    const recorded = recordProgram(program);
    const [expected] = encoder.forward(new Tape(new ShapeOps(true)), { shape: [1, 65, 97, 3] });
    expect(recorded.outputs.get('features')?.shape).toEqual(expected.shape);
    const gradients = [...recorded.gradients.get('loss')!];
    expect(new Set(gradients.map(([parameter]) => parameter))).toEqual(new Set(encoder.parameters()));
    const lowered = lower(gradients.map(([, gradient]) => gradient));
    expect(lowered.results.map(({ shape }) => shape)).toEqual(gradients.map(([{ shape }]) => shape));
    // Every weight also stands in the graph of the gradients; running statistics have no part in training.
    expect(new Set(lowered.parameters.values())).toEqual(new Set(encoder.parameters()));
  });
});

interface EncoderDraw extends Draw {
  readonly outputStride: number;
  readonly norm: 'frozen' | 'trained';
}

function encoderSample({ build, trainedTaps }: SmallNetwork, draw: EncoderDraw): Sample {
  const { batch, height, width, outputStride, norm, seeds } = draw;
  const { stages } = build({ outputStride, seeds, init: constant(0) });
  const ends = [stages[0].name, stages[stages.length - 1].name];
  const taps = norm === 'trained' && trainedTaps ? trainedTaps : ends;
  const encoder = stir(build({ outputStride, norm, taps, seeds }), draw);
  return {
    name: 'encoder',
    training: norm === 'trained',
    parameters: encoder.parameters(),
    inputs: { images: normalInput(draw, 'images', [batch, height, width, 3]) },
    forward(ops, { images }) {
      const { result, outputs } = trackStatistics(ops, encoder.descendants(BatchNorm), () => {
        const [first, last] = encoder.forward(ops, images);
        return { first, last };
      });
      return { ...result, ...outputs };
    },
  };
}

describe.each(Object.entries(small))('the small network %s', (kind, network) => {
  it.each(['frozen', 'trained'] as const)('with %s normalisation is the same, compiled and eager', async (norm) => {
    const sizes = draws(...(network.sides ?? [11, 17]));
    const cases = fc
      .tuple(sizes, fc.constantFrom(...outputStridesOf(kind)))
      .map(([draw, outputStride]): EncoderDraw => ({ ...draw, outputStride, norm }));
    await expectForAll(cases, (draw) => encoderSample(network, draw), { runs: 2 });
  });
});
