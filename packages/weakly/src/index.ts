export {
  BoundaryBranch,
  type BranchOptions,
  DisplacementBranch,
  Projection,
  type ProjectionOptions,
} from './irnet/branches.ts';
export { CamNetwork, type CamNetworkOptions } from './irnet/cam-network.ts';
export { CAM_SCALES, type ClassMaps, type CombineOptions, combineClassMaps, scaledSize } from './irnet/class-maps.ts';
export { createIrnetEncoder, type IrnetEncoderOptions } from './irnet/encoder.ts';
export {
  type InferenceOptions,
  RelationNetwork,
  type RelationNetworkOptions,
  type Relations,
} from './irnet/relation-network.ts';
export { type Attended, CoAttention, type CoAttentionOptions } from './mcis/co-attention.ts';
export {
  type McisLossOptions,
  mcisLosses,
  type PairLabels,
  type PairLosses,
  pairLosses,
  type TrainingPairs,
} from './mcis/objective.ts';
export { imageScores, type PairMaps, PairNetwork, type PairNetworkOptions } from './mcis/pair-network.ts';
export { mirror } from './mirror.ts';
