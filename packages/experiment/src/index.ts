export {
  type BackboneNetwork,
  buildBackbone,
  chooseOutputStride,
  type LoadedBackbone,
  loadExperimentBackbone,
} from './backbone.ts';
export {
  BalancedDraws,
  type BatchSource,
  type DrawPosition,
  Draws,
  PairDraws,
  ZippedBatches,
} from './batches/batch-source.ts';
export { cropSource } from './batches/crop-source.ts';
export { imageSource } from './batches/image-source.ts';
export { LabelledBatches, type LabelledBatchOptions, type LabelledSource } from './batches/labelled-batches.ts';
export * from './classes.ts';
export * from './config/load.ts';
export * from './config/schema.ts';
export * from './config/schema-paths.ts';
export * from './dry-run.ts';
export * from './engine.ts';
export * from './environment.ts';
export * from './evaluation.ts';
export * from './features/extract-dataset.ts';
export * from './features/extraction-cost.ts';
export * from './features/extractor.ts';
export * from './features/feature-settings.ts';
export * from './features/feature-stage.ts';
export * from './features/merge-shards.ts';
export * from './features/trunk.ts';
export * from './features/trunk-input.ts';
export * from './features/view-extractors.ts';
export * from './folder.ts';
export * from './log.ts';
export * from './models/evaluate-run.ts';
export * from './models/export-run.ts';
export * from './models/feature-model.ts';
export * from './models/image-model.ts';
export * from './models/model-context.ts';
export * from './models/predict.ts';
export * from './models/refined-model.ts';
export * from './models/segmenter.ts';
export * from './models/test-time.ts';
export * from './models/trained-run.ts';
export * from './optimizers.ts';
export * from './pipeline/artifacts.ts';
export * from './pipeline/check-stage.ts';
export * from './pipeline/evaluate-objects-stage.ts';
export * from './pipeline/evaluate-stage.ts';
export * from './pipeline/image-artifacts.ts';
export * from './pipeline/image-stage.ts';
export * from './pipeline/method.ts';
export * from './pipeline/run-stages.ts';
export * from './pipeline/segmenter-stage.ts';
export * from './pipeline/stage.ts';
export * from './pipeline/train-stage.ts';
export * from './progress.ts';
export * from './run.ts';
export * from './steps/labelled-maps.ts';
export * from './steps/labelled-rows.ts';
export * from './steps/labelled-steps.ts';
export * from './steps/pseudo-labeller.ts';
