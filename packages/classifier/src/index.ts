export * from './calibration.ts';
export * from './feature-heads.ts';
export * from './pixel-classifier.ts';
export * from './self-training/candidates.ts';
export * from './self-training/confidence-pseudo-labels.ts';
export * from './self-training/pseudo-labels.ts';
export * from './self-training/rank-pseudo-labels.ts';
export * from './word-vector-projection.ts';
