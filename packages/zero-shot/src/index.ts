export * from './analysis/index.ts';
export { cagnet, cagnetMethod, jointGroups, jointOptimizer } from './cagnet/cagnet.ts';
export { latentProbe } from './cagnet/latent-probe.ts';
export { Cagnet, CagnetSegmenter, type CagnetSizes } from './cagnet/networks.ts';
export { cagnetPatch } from './cagnet/patches/cagnet-patch.ts';
export { PatchBatches } from './cagnet/patches/patch-batches.ts';
export { PatchSteps, syntheticPatchStep } from './cagnet/patches/patch-steps.ts';
export { cagnetPatchSettings } from './cagnet/patches/settings.ts';
export {
  type RealPass,
  type RealStepOptions,
  realLosses,
  realPass,
  realStep,
  syntheticOptions,
  trainedContextual,
} from './cagnet/real-step.ts';
export {
  type CagnetChoices,
  type CagnetConfig,
  type CagnetSettings,
  cagnetSettings,
  chooseByProfile,
} from './cagnet/settings.ts';
export type { GenerativeMethod, LearningStage, Networks } from './generative/generative-method.ts';
export { generativePipeline, generativePredictors } from './generative/pipeline.ts';
export { isRealTurn } from './generative/stages.ts';
export { type SyntheticStepOptions, syntheticStep } from './generative/synthetic-step.ts';
export { pretrain } from './pretrain/pretrain.ts';
export { loadClassVectors, loadKnownVectors } from './protocol/class-vectors.ts';
export { controlVectors, controlWarnings } from './protocol/control.ts';
export { defineZeroShot } from './protocol/define-zero-shot.ts';
export { type ExtendOptions, extendedExperiment } from './protocol/extend-run.ts';
export { vectorsOfNames } from './protocol/extension.ts';
export { type HeldOutProtocol, holdOut } from './protocol/held-out.ts';
export {
  openClassProtocol,
  openDatasetProtocol,
  openProtocol,
  type ZeroShotProtocol,
} from './protocol/protocol.ts';
export { type ZeroShotConfig, zeroShotShape } from './protocol/settings.ts';
export { projectionStep } from './spnet/projection-step.ts';
export { type SpnetConfig, spnetSettings } from './spnet/settings.ts';
export { spnet } from './spnet/spnet.ts';
export { zs3netOriginal } from './zs3net/original/zs3net-original.ts';
export {
  chooseGmmn,
  chooseGraph,
  gmmnLoss,
  gmmnSettings,
  graphSettings,
  type Zs3NetConfig,
  zs3netSettings,
} from './zs3net/settings.ts';
export { zs3net } from './zs3net/zs3net.ts';
