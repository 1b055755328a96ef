export * from './generator.ts';
export * from './label-prior.ts';
