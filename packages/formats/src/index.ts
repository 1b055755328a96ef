export * from './png.ts';
export * from './safetensors.ts';
export * from './word-vectors.ts';
export * from './yaml.ts';
