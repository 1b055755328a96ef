export * from './prepare-dataset.ts';
export type { PreparedSummary } from './summary.ts';
