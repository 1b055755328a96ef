export * from './prepare-dataset.ts';
export type { PrepareProgress } from './progress.ts';
export type { PreparedSummary } from './summary.ts';
