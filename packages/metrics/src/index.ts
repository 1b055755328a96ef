export * from './confusion-matrix.ts';
export * from './mask-files.ts';
export * from './score-folders.ts';
export * from './segmentation-metrics.ts';
