export {
  type CompiledEngine,
  type CompiledEngineOptions,
  type CompileOptions,
  createCompiledEngine,
} from './engine.ts';
