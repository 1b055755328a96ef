export * from './data-folder.ts';
export * from './keras-weights.ts';
export * from './npy.ts';
export * from './png.ts';
export * from './safetensors.ts';
export * from './word-vectors.ts';
export * from './yaml.ts';
