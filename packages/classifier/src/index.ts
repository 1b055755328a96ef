export * from './feature-heads.ts';
