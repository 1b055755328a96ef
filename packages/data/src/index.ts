export {
  type CheckOptions,
  checkDataset,
  type DatasetReport,
  missingClasses,
  requireNoProblems,
} from './check-dataset.ts';
export type { ClassSupport, Support } from './class-support.ts';
export { ContiguousLabels, findSplit } from './contiguous-labels.ts';
export type { DatasetFile } from './dataset-file.ts';
export { type ContactPicture, type EncodedPicture, UNKNOWN_COLOR } from './doctor/contact-picture.ts';
export { type Examination, type ExamineOptions, examineDataset } from './doctor/examine.ts';
export type { ExaminedSplit } from './doctor/facts.ts';
export type { Finding, Severity } from './doctor/finding.ts';
export type { DoctorReport, ExaminedSubset, ValueRow } from './doctor/report.ts';
export { type ExportDatasetOptions, type ExportedDataset, exportDataset } from './export/export-dataset.ts';
export * from './feature-store/index.ts';
export { IMAGE_TYPES, isOtherImage, suffixOf } from './file-types.ts';
export { decodeImage, imageSize } from './image.ts';
export { annotatedInstances, type Instance } from './instances.ts';
export { LAYOUT_LEAK, type LeakedTraining, leakUnseenLayouts } from './layout-leak.ts';
export { LAYOUTS, type LayoutName, listSubset } from './layouts/layouts.ts';
export type { ListedImage, Subset, SubsetListing } from './layouts/listing.ts';
export { type GuardedTraining, guardTraining, SeenOnlySample } from './leakage-guard.ts';
export { readRawMask, toLabelMap } from './mask.ts';
export { type LabelledSubset, nestedSubsets, type SubsetSizes } from './nested-subsets.ts';
export { type DatasetDescription, describeDataset, type OpenDatasetOptions, openDataset } from './open-dataset.ts';
export { type PreparedDataset, type PrepareOptions, prepareDataset } from './prepare/prepare-dataset.ts';
export type { PrepareProgress } from './prepare/progress.ts';
export type { PreparedSummary } from './prepare/summary.ts';
export { type DatasetSettings, readDatasetFile } from './read-dataset-file.ts';
export { type BuiltInDataset, builtInDatasets, type DatasetEntry, datasetPath, listDatasets } from './registry.ts';
export { type Guarded, guard, ImageLabelSample, type Supervision, UnlabelledSample } from './supervision.ts';
export {
  TOY_BACKGROUND,
  TOY_CLASSES,
  TOY_COLOURS,
  TOY_SPLIT,
  TOY_SPLITS,
  type ToyObjectKind,
  toyObjectKind,
} from './toy/attributes.ts';
export { type ToyCaptionsOptions, toyCaptions, toyToken } from './toy/captions.ts';
export { type ToyAttributesOptions, toyAttributes } from './toy/toy-attributes.ts';
export { TOY_SCENE_CLASSES, TOY_SCENE_SPLIT, toyScenes } from './toy/toy-scenes.ts';
export { type PreparedSample, prepareTraining } from './transforms.ts';
