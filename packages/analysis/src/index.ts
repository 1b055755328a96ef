export * from './analyses.ts';
export * from './cluster-features.ts';
export * from './error-tally.ts';
export * from './feature-sample.ts';
export * from './feature-summary.ts';
export * from './leading-components.ts';
export { type PrincipalComponents, principalComponents, project } from './principal-components.ts';
export * from './scale-tally.ts';
