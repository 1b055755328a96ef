export * from './analysed-images.ts';
export * from './clusters.ts';
export * from './context-scale.ts';
export * from './contextual-run.ts';
export * from './feature-synthesizer.ts';
export * from './reconstruction.ts';
export * from './synthetic-features.ts';
