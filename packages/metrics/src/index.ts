export {
  averagePrecision,
  type ClassAverages,
  classificationPrecision,
  type Interpolation,
} from './average-precision.ts';
export { ConfusionMatrix, type PixelArray } from './confusion-matrix.ts';
export { type TransferControl, transferControl } from './control.ts';
export {
  DetectionMetrics,
  type DetectionOptions,
  type DetectionResult,
  type Detections,
  type InstanceOptions,
  type TrueObjects,
} from './detection-metrics.ts';
export {
  type ListedMasks,
  type ListMasksOptions,
  listMasks,
  type MaskPair,
  type NamedMask,
  type PairedMasks,
  pairMasks,
} from './mask-files.ts';
export { type Box, boxOverlaps, maskOverlaps } from './overlaps.ts';
export { type DecodedMask, type MaskScores, type ScoreMasksOptions, scoreMasks } from './score-masks.ts';
export { type BestOfGroups, type CurvePoint, SeenUnseenCounts, type SeenUnseenCurve } from './seen-unseen-curve.ts';
export {
  type AbsentPolicy,
  type ClassGroup,
  type ClassMetrics,
  type GroupMetrics,
  harmonicMean,
  type MetricClass,
  type MetricOptions,
  type SegmentationMetrics,
  segmentationMetrics,
} from './segmentation-metrics.ts';
