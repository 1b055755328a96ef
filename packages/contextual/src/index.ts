export {
  ContextSelector,
  type Contextualized,
  ContextualModule,
  type ContextualOptions,
  gateFeatures,
  type LatentCode,
  LatentHead,
  type SelectorActivation,
} from './contextual-module.ts';
