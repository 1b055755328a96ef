import type { BackboneDefinition, WeightsInfo } from './definition.ts';
import { CAFFE_MEAN, IMAGENET_STATISTICS, UNIT_RANGE } from './input-format.ts';
import { ResNet, type ResNetArchitecture } from './resnet.ts';

const PAPER = 'He et al., Deep Residual Learning for Image Recognition, 2016';

/** torchvision's first weights; the file names contain the first digits of their SHA-256. */
const torchvisionWeights = (name: string, sha256: string): WeightsInfo => ({
  source: `https://download.pytorch.org/models/${name}-${sha256}.pth`,
  format: 'torch',
  sha256,
  licence: 'BSD-3-Clause',
  paper: PAPER,
});

const TORCHVISION_SHA256 = { resnet18: 'f37072fd', resnet34: 'b627a593', resnet50: '0676ba61', resnet101: '63fe2227' };

const CAFFE: WeightsInfo = {
  source: 'https://github.com/KaimingHe/deep-residual-networks',
  format: 'caffe',
  unavailable:
    "the page offers .caffemodel files, which have to be converted first (SPNet's repository has a convert.py); then import the .pth",
  licence: 'MIT',
  paper: PAPER,
};

const DILATIONS = ['exact', 'uniform', 'none'] as const;

const ARCHITECTURES = {
  resnet18: { block: 'basic', depths: [2, 2, 2, 2] },
  resnet34: { block: 'basic', depths: [3, 4, 6, 3] },
  resnet50: { block: 'bottleneck', depths: [3, 4, 6, 3] },
  resnet101: { block: 'bottleneck', depths: [3, 4, 23, 3] },
} as const satisfies Record<string, ResNetArchitecture>;

/** torchvision's placement: the stride on the 3×3 convolution. */
const torchvision = (['resnet18', 'resnet34', 'resnet50', 'resnet101'] as const).map(
  (name): BackboneDefinition => ({
    name: `${name}.tv_in1k`,
    build: (options) => new ResNet({ ...ARCHITECTURES[name], ...options }),
    input: IMAGENET_STATISTICS,
    outputStrides: [8, 16, 32],
    dilations: DILATIONS,
    weights: torchvisionWeights(name, TORCHVISION_SHA256[name]),
  }),
);

/** Caffe's placement, that of DeepLab v2: the stride on the first 1×1 convolution, pooling by the ceil rule. */
const caffe = (['resnet50', 'resnet101'] as const).map(
  (name): BackboneDefinition => ({
    name: `${name}.caffe_in1k`,
    build: (options) =>
      new ResNet({
        ...ARCHITECTURES[name],
        strideOn: 'reduce',
        stem: { width: 64, kernel: 7, pool: 'ceil' },
        ...options,
      }),
    input: CAFFE_MEAN,
    outputStrides: [8, 16, 32],
    dilations: DILATIONS,
    weights: CAFFE,
  }),
);

/** Small networks for 64×64 images: for tests and the toy datasets. */
const micro: BackboneDefinition[] = [
  {
    name: 'test_resnet.micro',
    build: (options) =>
      new ResNet({
        block: 'basic',
        depths: [1, 1, 1],
        widths: [16, 32, 64],
        strides: [1, 2, 2],
        stem: { width: 16, kernel: 3, pool: 'none' },
        ...options,
      }),
    input: UNIT_RANGE,
    outputStrides: [2, 4, 8],
    dilations: DILATIONS,
  },
  {
    // Deliberately shallow: deeper stages trained on seen classes no longer distinguish new combinations of attributes.
    name: 'resnet_micro.toy_attributes',
    build: (options) =>
      new ResNet({
        block: 'basic',
        depths: [1],
        widths: [32],
        strides: [2],
        stem: { width: 16, kernel: 3, pool: 'none' },
        ...options,
      }),
    input: UNIT_RANGE,
    outputStrides: [4],
    dilations: DILATIONS,
  },
  {
    name: 'test_resnet_bottleneck.micro',
    build: (options) =>
      new ResNet({
        block: 'bottleneck',
        depths: [1, 2, 1],
        widths: [4, 8, 16],
        strides: [1, 2, 2],
        stem: { width: 8, kernel: 3, pool: 'none' },
        ...options,
      }),
    input: UNIT_RANGE,
    outputStrides: [2, 4, 8],
    dilations: DILATIONS,
  },
  {
    name: 'test_resnet_caffe.micro',
    build: (options) =>
      new ResNet({
        block: 'bottleneck',
        depths: [1, 2],
        widths: [4, 8],
        strides: [1, 2],
        stem: { width: 8, kernel: 7, pool: 'ceil' },
        strideOn: 'reduce',
        ...options,
      }),
    input: CAFFE_MEAN,
    outputStrides: [4, 8],
    dilations: DILATIONS,
  },
];

/** The ResNets of the registry. */
export const resNets: readonly BackboneDefinition[] = [...torchvision, ...caffe, ...micro];
