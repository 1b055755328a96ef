export { type Calibration, calibratedLogits, calibrationPenalties } from './calibration.ts';
export { FeatureHeads, PatchHeads, PixelClassifier, type PixelClassifierOptions } from './pixel-classifier.ts';
export {
  type ConfidenceOptions,
  confidencePseudoLabels,
  type PseudoLabelOptions,
  type PseudoLabelRule,
  pseudoLabels,
  type RankOptions,
  rankPseudoLabels,
} from './pseudo-labels.ts';
export {
  type ProjectionOptions,
  WordVectorProjection,
  type WordVectorProjectionOptions,
} from './word-vector-projection.ts';
