export * from './gradients/index.ts';
export * from './onnxruntime.ts';
export type * from './ops.ts';
export * from './parameter.ts';
export type * from './program.ts';
export * from './shape.ts';
