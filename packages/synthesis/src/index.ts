export * from './class-vectors.ts';
export * from './generator.ts';
export * from './label-prior.ts';
export * from './unseen-probability.ts';
