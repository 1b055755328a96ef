export * from './contextual-module.ts';
