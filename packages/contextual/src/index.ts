export * from './context-selector.ts';
export * from './contextual-module.ts';
export * from './latent-code.ts';
