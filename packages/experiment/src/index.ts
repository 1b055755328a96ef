export type { BackboneChoice } from './backbone.ts';
export { type BackboneNetwork, buildBackbone, chooseOutputStride, loadExperimentBackbone } from './backbone.ts';
export {
  BalancedDraws,
  type BatchSource,
  type DrawPosition,
  Draws,
  PairDraws,
  ZippedBatches,
} from './batches/batch-source.ts';
export { imageSource } from './batches/image-source.ts';
export { LabelledBatches, type LabelledSource } from './batches/labelled-batches.ts';
export {
  type ClassProtocol,
  classProtocol,
  type DatasetProtocol,
  openAllClasses,
  openExperimentDataset,
} from './classes.ts';
export { type Experiment, type LoadOptions, loadExperiment } from './config/load.ts';
export {
  BACKENDS,
  type BackendName,
  backboneSettings,
  baseSchema,
  dataSettings,
  type ExperimentConfig,
  positiveInteger,
  storedFeatureSettings,
  type TrunkSettings,
  trunkShape,
  warpedData,
} from './config/schema.ts';
export { filePath, nameOrPath } from './config/schema-paths.ts';
export { countParameters, type DryRun, dryRun, orSentence } from './dry-run.ts';
export { choiceText, chooseEngine, createEngineFor } from './engine.ts';
export type { Environment } from './environment.ts';
export { type EvaluatedMethod, evaluateScorers, type Resolution } from './evaluation.ts';
export { type ExtractedStore, extractDataset } from './features/extract-dataset.ts';
export { estimateExtraction } from './features/extraction-cost.ts';
export { FeatureExtractor, sizeAtScale, warpImage } from './features/extractor.ts';
export { type FeatureSettings, type FeatureSubset, storedViews } from './features/feature-settings.ts';
export { type FeatureFile, featureStage, openValFeatures } from './features/feature-stage.ts';
export { mergeShards } from './features/merge-shards.ts';
export { buildTrunk, checkTrunkSettings, isTrunkTrained, openTrunk, Trunk } from './features/trunk.ts';
export { openTrunkInput, planTrunkInput, type TrunkInput, type TrunkInputSettings } from './features/trunk-input.ts';
export { ViewExtractors } from './features/view-extractors.ts';
export { openRunFolder, type RunFolder } from './folder.ts';
export type { StageLog } from './log.ts';
export { evaluateRun } from './models/evaluate-run.ts';
export { exportRun } from './models/export-run.ts';
export { featureModel } from './models/feature-model.ts';
export { imageModel } from './models/image-model.ts';
export { mapScores, type ScoreMapping } from './models/map-scores.ts';
export { requireStageOutput, requireWeights } from './models/model-context.ts';
export { listImages, predictImages } from './models/predict.ts';
export { refinedModel } from './models/refined-model.ts';
export { openSegmenter, predictStep, type Segmenter } from './models/segmenter.ts';
export {
  loadModel,
  type OpenRunOptions,
  openTrainedRun,
  runConfigPath,
  type TrainedRun,
} from './models/trained-run.ts';
export {
  groupedOptimizer,
  type OptimizerSettings,
  optimizerSettings,
  scheduledOptimizer,
  trunkGroups,
  trunkOptimizer,
} from './optimizers.ts';
export {
  type Artifact,
  artifacts,
  filesOf,
  type JsonFile,
  jsonFile,
  type Place,
  stageWeights,
  type Weights,
  weightsOf,
} from './pipeline/artifacts.ts';
export { type CheckedDataset, checkStage } from './pipeline/check-stage.ts';
export {
  type EvaluatedObjects,
  type EvaluateObjectsOptions,
  evaluateObjectsStage,
} from './pipeline/evaluate-objects-stage.ts';
export {
  type EvaluateStageOptions,
  evaluateStage,
  RESOLUTION_WORDS,
  type StoredMaps,
  validationImages,
} from './pipeline/evaluate-stage.ts';
export {
  type ImageArtifact,
  type ImageValues,
  imageJsonOf,
  instanceSetsOf,
  labelMapsOf,
  scoreMapsOf,
} from './pipeline/image-artifacts.ts';
export { type ImageMap, type ImageStageOptions, imageStage } from './pipeline/image-stage.ts';
export {
  defineMethod,
  type InstancePredictor,
  type Method,
  type MethodConfig,
  type MethodDefinition,
  type Methods,
  type ModelContext,
  type OpenPredictor,
  type Overview,
  type OverviewContext,
  type Predictor,
  type Predictors,
  type ScorePredictor,
  type SettingProblem,
  type Task,
} from './pipeline/method.ts';
export { Interrupted, type RunOptions, runExperiment, runStages } from './pipeline/run-stages.ts';
export {
  labelMapSource,
  type SegmenterStageOptions,
  type SegmenterTrainingOptions,
  segmenterStage,
  segmenterTraining,
  segmentStep,
} from './pipeline/segmenter-stage.ts';
export { partOf, type Shard } from './pipeline/shard.ts';
export {
  type BuildContext,
  defineStage,
  type Inputs,
  type Needs,
  type PlannedStage,
  type Stage,
  type StageContext,
  type StageOptions,
} from './pipeline/stage.ts';
export {
  runTraining,
  type Training,
  type TrainingSchedule,
  type TrainStageOptions,
  trainingShape,
  trainingStreams,
  trainStage,
} from './pipeline/train-stage.ts';
export { type Progress, type StageProgress, silentProgress } from './progress.ts';
export {
  type LabelledInputs,
  labelledInputSpecs,
  labelledInputs,
  labelledMaps,
  labelledViews,
  meanOf,
  weighted,
} from './steps/labelled-maps.ts';
export { labelledRows, rowCapacities } from './steps/labelled-rows.ts';
export { type LabelledBatch, type LabelledStep, LabelledSteps } from './steps/labelled-steps.ts';
export { labelledShare, PseudoLabeller } from './steps/pseudo-labeller.ts';
