import type { BackboneDefinition } from './definition.ts';
import { CAFFE_MEAN, IMAGENET_STATISTICS, UNIT_RANGE } from './input-format.ts';
import { Vgg, type VggArchitecture } from './vgg.ts';

const VGG16 = { depths: [2, 2, 3, 3, 3], widths: [64, 128, 256, 512, 512] } as const satisfies VggArchitecture;
const MICRO = { depths: [1, 1, 1, 2], widths: [8, 16, 24, 32] } as const satisfies VggArchitecture;

/** DeepLab's variant has a single output stride, for which its large field of view was designed. */
const LARGE_FOV = { pooling: 'deeplab', outputStride: 8 } as const;

/** The VGG networks of the registry. */
export const vggs: readonly BackboneDefinition[] = [
  {
    // At output stride 8, the trunk "D1" of MCIS.
    name: 'vgg16.tv_in1k',
    build: (options) => new Vgg({ ...VGG16, ...options }),
    input: IMAGENET_STATISTICS,
    outputStrides: [8, 16],
    weights: {
      source: 'https://download.pytorch.org/models/vgg16-397923af.pth',
      format: 'torch',
      sha256: '397923af',
      licence: 'BSD-3-Clause',
      paper: 'Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015',
    },
  },
  {
    name: 'vgg16_largefov.caffe_in1k',
    build: (options) => new Vgg({ ...VGG16, ...options, ...LARGE_FOV, largeFov: {} }),
    input: CAFFE_MEAN,
    outputStrides: [8],
  },
  {
    name: 'test_vgg.micro',
    build: (options) => new Vgg({ ...MICRO, ...options }),
    input: UNIT_RANGE,
    outputStrides: [4, 8],
  },
  {
    name: 'test_vgg_largefov.micro',
    build: (options) => new Vgg({ ...MICRO, ...options, ...LARGE_FOV, largeFov: { width: 24, dilation: 3 } }),
    input: UNIT_RANGE,
    outputStrides: [8],
  },
];
