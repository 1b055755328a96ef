export { ConcatAspp, type ConcatAsppOptions, SummedAspp, type SummedAsppOptions } from './aspp.ts';
export { ConvNorm, type ConvNormOptions, type UnitOptions } from './conv-norm.ts';
export {
  DeepLabV2,
  type DeepLabV2Options,
  fuseMaximum,
  MSC_SCALES,
  type MultiScaleMaps,
  viewsAtScales,
} from './deeplab-v2.ts';
export {
  type DecodedMaps,
  DeepLabV3Plus,
  DeepLabV3PlusDecoder,
  type DeepLabV3PlusDecoderOptions,
  type DeepLabV3PlusOptions,
  type DeepLabV3PlusVariant,
} from './deeplab-v3plus.ts';
export type {
  BackboneDefinition,
  BackboneOptions,
  ForeignLoader,
  SegmentationDefinition,
  SegmentationOptions,
  WeightsInfo,
} from './definition.ts';
export type { DilationRule } from './dilation.ts';
export { Encoder, type EncoderOptions, type FeatureInfo } from './encoder.ts';
export { type BackboneFit, fittingBackbones } from './fitting.ts';
export { type ImportBackboneOptions, type ImportedBackbone, importBackbone } from './import-backbone.ts';
export {
  describeLeftOut,
  describeProblems,
  type ImportWeightsOptions,
  importWeights,
  planWeights,
  type WeightPlan,
} from './import-weights.ts';
export { CAFFE_MEAN, IMAGENET_STATISTICS, normalizeImages, UNIT_RANGE } from './input-format.ts';
export {
  DeepLabLargeFov,
  type DeepLabLargeFovOptions,
  LargeFov,
  LargeFovHead,
  type LargeFovHeadOptions,
  type LargeFovOptions,
} from './largefov.ts';
export { type MobileNetOptions, MobileNetV1 } from './mobilenet.ts';
export { loadKerasMobileNet } from './mobilenet-variants.ts';
export { type DescribeOptions, describeModel, listModels, type ModelDescription, type ModelEntry } from './models.ts';
export { deepLabV2Names, deepLabV2Rules } from './names/deeplab-v2.ts';
export { deepLabV3PlusDecoderRules, zs3NetNames } from './names/deeplab-v3plus.ts';
export { byRules, type NameRule, type Rename, type WeightNames } from './names/rename.ts';
export { convNormRules } from './names/torch-names.ts';
export { torchResNetRules } from './names/torch-resnet.ts';
export { torchVggRules } from './names/torch-vgg.ts';
export { PixelHead, type PixelHeadOptions } from './pixel-head.ts';
export {
  cacheFolder,
  type FetchWeightsOptions,
  fetchWeights,
  findPublishedWeights,
  type PublishedWeights,
  publishedWeights,
} from './published-weights.ts';
export { backbones, createBackbone, defineBackbone } from './registry.ts';
export { ResNet, type ResNetArchitecture, type ResNetOptions } from './resnet.ts';
export { type SegmentationMaps, SegmentationNetwork } from './segmentation-network.ts';
export { createSegmentationNetwork, defineSegmentationNetwork, segmentationNetworks } from './segmentation-registry.ts';
export { loadBackbone, loadBackboneFile, type StoredWeightsInfo, saveBackbone } from './stored-weights.ts';
export { Vgg, type VggArchitecture, type VggOptions } from './vgg.ts';
