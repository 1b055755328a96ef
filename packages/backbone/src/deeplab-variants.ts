import { DeepLabV2 } from './deeplab-v2.ts';
import {
  DeepLabV3Plus,
  type DeepLabV3PlusVariant,
  ELN_DECODER,
  ELN_ERROR_DECODER,
  ZS3_DECODER,
} from './deeplab-v3plus.ts';
import type { SegmentationDefinition, SegmentationOptions } from './definition.ts';
import type { DilationRule } from './dilation.ts';
import type { Encoder } from './encoder.ts';
import { DeepLabLargeFov } from './largefov.ts';
import { backbones, createBackbone } from './registry.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

const V2_PAPER =
  'Chen et al., DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, and Fully Connected CRFs, 2018';
const ZS3_PAPER = 'Bucher et al., Zero-Shot Semantic Segmentation, 2019';
const MCIS_PAPER = 'Sun et al., Mining Cross-Image Semantics for Weakly Supervised Semantic Segmentation, 2020';
const ELN_PAPER = 'Kwon and Kwak, Semi-supervised Semantic Segmentation with Error Localization Network, 2022';

/** Dilation factors of the last stage in ZS3Net and ELN. */
const MULTI_GRID = [1, 2, 4];

interface StrideEightDefinition {
  readonly name: string;
  readonly backbone: string;
  readonly paper: string;
  readonly head: (
    options: Pick<SegmentationOptions, 'classes' | 'init' | 'seeds'> & { readonly encoder: Encoder },
  ) => SegmentationNetwork;
}

/** A head on the output of an encoder at stride 8, if the encoder supports it. */
function onStrideEight({ name, backbone, paper, head }: StrideEightDefinition): SegmentationDefinition {
  const { input, outputStrides } = backbones[backbone];
  const outputStride = outputStrides.includes(8) ? 8 : outputStrides[0];
  return {
    name,
    backbone,
    paper,
    input,
    outputStrides: [outputStride, ...outputStrides.filter((stride) => stride !== outputStride)],
    build: ({ classes, ...options }) => {
      const encoder = createBackbone(backbone, {
        ...options,
        outputStride: options.outputStride ?? outputStride,
        seeds: options.seeds.child('encoder'),
      });
      return head({ encoder, classes, init: options.init, seeds: options.seeds });
    },
  };
}

/** DeepLab v2, as SPNet and CaGNet use it. */
const deepLabV2 = (name: string, backbone: string, dilations?: readonly number[]) =>
  onStrideEight({
    name,
    backbone,
    paper: V2_PAPER,
    head: (options) => new DeepLabV2({ ...options, dilations }),
  });

/** The segmentation network of MCIS. */
const largeFov = (
  name: string,
  backbone: string,
  sizes: { readonly width?: number; readonly dilation?: number } = {},
) =>
  onStrideEight({
    name,
    backbone,
    paper: MCIS_PAPER,
    head: (options) => new DeepLabLargeFov({ ...options, ...sizes, bias: false, dropout: 0 }),
  });

interface V3PlusDefinition {
  readonly name: string;
  readonly backbone: string;
  readonly paper: string;
  /** Default: that of ZS3Net. */
  readonly variant?: DeepLabV3PlusVariant;
  readonly embedding?: number;
  readonly dilation?: DilationRule;
  readonly multiGrid?: readonly number[];
  /** Default 16. */
  readonly outputStride?: number;
  /** Default: stage1 and stage4. */
  readonly taps?: readonly [string, string];
}

/** DeepLab v3+ with trained batch normalisation. */
function deepLabV3Plus(definition: V3PlusDefinition): SegmentationDefinition {
  const { name, backbone, paper, variant = ZS3_DECODER, embedding } = definition;
  const { dilation = 'uniform', multiGrid, outputStride = 16, taps = ['stage1', 'stage4'] } = definition;
  return {
    name,
    backbone,
    paper,
    input: backbones[backbone].input,
    outputStrides: [outputStride],
    build: ({ classes, seeds, norm = 'trained', init, inputs }) => {
      const shared = { norm, init };
      const encoder = createBackbone(backbone, {
        ...shared,
        outputStride,
        dilation,
        taps,
        multiGrid,
        inputs,
        seeds: seeds.child('encoder'),
      });
      return new DeepLabV3Plus({ ...variant, ...shared, encoder, classes, embedding, seeds });
    },
  };
}

/** The parts of every micro variant of DeepLab v3+. */
const MICRO = { width: 8, lowLevelWidth: 4, dilations: [1, 2, 3] } as const;
const MICRO_V3PLUS = { backbone: 'test_resnet_bottleneck.micro', outputStride: 8, taps: ['stage1', 'stage3'] } as const;

/** The DeepLabs of the registry. */
export const deepLabs: readonly SegmentationDefinition[] = [
  deepLabV2('deeplabv2_resnet101.caffe', 'resnet101.caffe_in1k'),
  largeFov('largefov_resnet101.mcis', 'resnet101.caffe_in1k'),
  deepLabV3Plus({
    name: 'deeplabv3plus_resnet101.zs3',
    backbone: 'resnet101.tv_in1k',
    paper: ZS3_PAPER,
    multiGrid: MULTI_GRID,
  }),
  ...['resnet50', 'resnet101'].map((resnet) =>
    deepLabV3Plus({
      name: `deeplabv3plus_${resnet}.eln`,
      backbone: `${resnet}.tv_in1k`,
      paper: ELN_PAPER,
      variant: ELN_DECODER,
      embedding: 128,
      multiGrid: MULTI_GRID,
    }),
  ),
  deepLabV3Plus({
    name: 'deeplabv3plus_resnet34.eln_error',
    backbone: 'resnet34.tv_in1k',
    paper: ELN_PAPER,
    variant: ELN_ERROR_DECODER,
    dilation: 'none',
  }),
  deepLabV2('test_deeplabv2.micro', 'test_resnet.micro', [1, 2]),
  largeFov('test_largefov.micro', 'test_resnet.micro', { width: 12, dilation: 3 }),
  deepLabV3Plus({ ...MICRO_V3PLUS, name: 'test_deeplabv3plus_zs3.micro', paper: ZS3_PAPER, variant: MICRO }),
  deepLabV3Plus({
    ...MICRO_V3PLUS,
    name: 'test_deeplabv3plus_eln.micro',
    paper: ELN_PAPER,
    variant: { ...ELN_DECODER, ...MICRO },
    embedding: 5,
    outputStride: 4,
    multiGrid: [2],
  }),
  deepLabV3Plus({
    ...MICRO_V3PLUS,
    name: 'test_deeplabv3plus_eln_error.micro',
    backbone: 'test_resnet.micro',
    paper: ELN_PAPER,
    variant: { ...ELN_ERROR_DECODER, ...MICRO },
    dilation: 'none',
    outputStride: 4,
  }),
];
