export { type WrittenAnalysis, writeAnalysis } from './analysis-write.ts';
export { type Bar, barChart, renderChart, standaloneSvg } from './charts.ts';
export {
  type ClassDifference,
  type ComparedMethod,
  type ComparedRun,
  type CompareOptions,
  type Comparison,
  compare,
  compareRuns,
} from './compare.ts';
export type { ContactSheet, SheetFinding, SheetImage, SheetPicture, SheetValue } from './contact-sheet.ts';
export { writeContactSheet } from './contact-sheet.ts';
export { type FeaturePageContent, type NamedLabel, type WrittenFeaturePage, writeFeaturePage } from './feature-page.ts';
export {
  PUBLISHED_DATASETS,
  PUBLISHED_RESULTS,
  type PublishedDataset,
  type PublishedQuery,
  type PublishedResult,
  publishedFor,
} from './published.ts';
export { type Panel, type RunFolder, readRunFolder } from './run-folder.ts';
export { type Curve, type RunReport, runReport } from './run-report.ts';
export {
  FIGURES,
  type Figure,
  type LegendEntry,
  type LogEntry,
  type MethodMetrics,
  type RunMetrics,
} from './run-types.ts';
export type { Spread } from './statistics.ts';
export { type WrittenReport, writeComparison, writeReport } from './write-report.ts';
