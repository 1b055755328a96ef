export * from './calibration.ts';
export * from './pixel-classifier.ts';
export * from './pseudo-labels.ts';
export * from './word-vector-projection.ts';
