export * from './export-dataset.ts';
export type { LayoutName } from './layout-writer.ts';
