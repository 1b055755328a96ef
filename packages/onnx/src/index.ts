export {
  type CompiledEngine,
  type CompiledEngineOptions,
  type CompileOptions,
  createCompiledEngine,
} from './engine.ts';
export { type ExportOptions, exportOnnx } from './export.ts';
