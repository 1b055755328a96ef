export {
  averagePrecision,
  type ClassAverages,
  classificationPrecision,
  type Interpolation,
} from './average-precision.ts';
export * from './confusion-matrix.ts';
export {
  DetectionMetrics,
  type DetectionOptions,
  type DetectionResult,
  type Detections,
  type InstanceOptions,
  type TrueObjects,
} from './detection-metrics.ts';
export * from './mask-files.ts';
export { type Box, boxOverlaps, maskOverlaps } from './overlaps.ts';
export * from './score-folders.ts';
export * from './segmentation-metrics.ts';
