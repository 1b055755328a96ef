export { type CompiledEngine, type CompiledEngineOptions, createCompiledEngine } from './engine.ts';
export { type ExportOptions, exportOnnx } from './export.ts';
