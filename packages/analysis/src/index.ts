export * from './analyses.ts';
export * from './cluster-features.ts';
export * from './error-tally.ts';
export * from './feature-sample.ts';
export * from './principal-components.ts';
export * from './scale-tally.ts';
