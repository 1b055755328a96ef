export {
  type CheckpointLoadOptions,
  type CheckpointParts,
  type LoadedCheckpoint,
  loadCheckpoint,
  type SaveOptions,
  saveCheckpoint,
} from './checkpoint/checkpoint.ts';
export { loadGrownWeights, type NewOutputs } from './checkpoint/grown-weights.ts';
export { readInto, requireSameTensors, withSafetensors } from './checkpoint/weights.ts';
export {
  constant,
  type Initializer,
  kaimingNormal,
  kaimingNormalFanOut,
  normal,
  uniform,
  uniformFanIn,
  xavierUniform,
} from './initializers.ts';
export {
  BatchNorm,
  type BatchNormOptions,
  foldBatchNorm,
  movingStatistics,
  trackStatistics,
  updateStatistics,
} from './layers/batch-norm.ts';
export { Conv2d, type Conv2dOptions } from './layers/conv.ts';
export { Dense, type DenseOptions } from './layers/dense.ts';
export { DepthwiseConv2d, type DepthwiseConv2dOptions } from './layers/depthwise.ts';
export { dropout } from './layers/dropout.ts';
export { GroupNorm, type GroupNormOptions } from './layers/group-norm.ts';
export { type ChannelStatistics, Standardize } from './layers/standardize.ts';
export { type GanKind, type GanLoss, ganLosses, gradientPenalty } from './losses/adversarial.ts';
export { type ContentKind, type ContentOptions, contentLoss } from './losses/content.ts';
export { crossEntropy } from './losses/cross-entropy.ts';
export { type GroupOptions, groupPixels, type PixelGroups } from './losses/group-pixels.ts';
export { klDivergence } from './losses/kl-divergence.ts';
export { labelMask, maskedMean } from './losses/masked.ts';
export { MMD_BANDWIDTHS, type MmdOptions, mmdLoss, type RowGroups } from './losses/mmd.ts';
export { multiLabelSoftMargin } from './losses/multi-label.ts';
export { Module } from './module.ts';
export { MovingAverage, type MovingAverageOptions } from './optim/moving-average.ts';
export { Optimizer, type ParameterGroup, type ParameterState } from './optim/optimizer.ts';
export {
  type AdamOptions,
  adam,
  adamw,
  type OptimizerRule,
  type SgdOptions,
  type StepNumbers,
  sgd,
} from './optim/rules.ts';
export { type PolyOptions, type Schedule, type StepDecayOptions, schedules } from './optim/schedules.ts';
export {
  type CheckpointHookOptions,
  checkpointHook,
  type Hook,
  isDue,
  type LoopEvent,
  type Losses,
  readLosses,
  type Scalars,
  type ScalarsEvent,
  type StepEvent,
} from './training/hooks.ts';
export { interruptSignal } from './training/interrupt.ts';
export { TrainingLoop, type TrainingLoopOptions } from './training/loop.ts';
export {
  applyGradients,
  optimizersOf,
  ProgramCache,
  readScalars,
  type ScheduledOptimizer,
  type ScheduledOptimizers,
  type StepRun,
  TrainingStep,
  type TrainingStepOptions,
} from './training/step.ts';
export { type TensorBoardOptions, tensorBoardHook } from './training/tensorboard.ts';
