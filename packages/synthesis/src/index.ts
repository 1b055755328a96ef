export { ClassVectors } from './class-vectors.ts';
export {
  createGmmn,
  drawNoise,
  FeatureGenerator,
  type GeneratorOptions,
  type GmmnOptions,
  type NoiseKind,
} from './generator.ts';
export { GraphConvolution, GraphGenerator, type GraphGeneratorOptions } from './graph/graph-generator.ts';
export {
  type LabelGraph,
  labelGraph,
  type NodeFeatureKind,
  nodeFeatures,
  type PropagationOptions,
  propagationMatrix,
} from './graph/label-graph.ts';
export {
  drawLabels,
  labelPrior,
  UNSEEN_PRESETS,
  type UnseenPreset,
  unseenProbabilityOf,
  unseenProbabilityOfRate,
} from './label-prior.ts';
export {
  CategoryPatchGenerator,
  type CategoryPatchGeneratorOptions,
  type PatchStepOptions,
  patchStep,
} from './patches/category-patch-generator.ts';
export {
  cutPatches,
  drawCategories,
  fillPatches,
  generatedShare,
  joinPatches,
  type LabelPatches,
  mixPatches,
  purePatches,
} from './patches/label-patches.ts';
export { MaskedConv2d, type MaskedConvOptions } from './patches/masked-conv.ts';
export { readPatchFile, writePatchFile } from './patches/patch-file.ts';
export { PatchSampler, type PatchSamplerOptions } from './patches/patch-sampler.ts';
