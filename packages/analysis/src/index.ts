export {
  type AnalysedClass,
  type Analysis,
  type AnalysisHead,
  type AnalysisPictures,
  type AnalysisResult,
  type ClustersAnalysis,
  type ContextScaleAnalysis,
  REGENERATIONS,
  type ReconstructionAnalysis,
  type ReconstructionErrors,
  type Regeneration,
} from './analyses.ts';
export { type Clustering, type ClusterOptions, clusterFeatures, nearest } from './cluster-features.ts';
export { ClassMoments, ErrorTally, squaredErrors } from './error-tally.ts';
export { FeatureReservoir, type FeatureSample, joinFeatures, meanFeature } from './feature-sample.ts';
export {
  type FeatureProjection,
  type FeatureSummary,
  type LabelledFeatures,
  type LabelSummary,
  type Norms,
  type SummaryOptions,
  summarizeFeatures,
} from './feature-summary.ts';
export { type PrincipalComponents, principalComponents, project } from './principal-components.ts';
export { preferredScales, type ScaleShares, ScaleTally, UNDECIDED } from './scale-tally.ts';
