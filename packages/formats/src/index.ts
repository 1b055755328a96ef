export * from './word-vectors.ts';
