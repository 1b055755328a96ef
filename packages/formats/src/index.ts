export * from './data-folder.ts';
export * from './gather.ts';
export * from './keras-weights.ts';
export * from './mat/read-mat.ts';
export * from './mat/values.ts';
export { decodeNpy, encodeNpy, type NpyArray, type NpyValues, readNpy, writeNpy } from './npy.ts';
export * from './npy-text.ts';
export * from './open-weights.ts';
export { PickledArray } from './pickle/numpy-globals.ts';
export * from './pickle/read-pickle.ts';
export { PickledObject, PickledRecord, type PickleValue } from './pickle/values.ts';
export * from './png.ts';
export * from './safetensors.ts';
export { type ElementType, halfToFloat, type StoredTensor, type TensorValues } from './tensor-values.ts';
export type { TensorInfo, WeightsFile, WeightsFormat, WeightsTable } from './weights-file.ts';
export * from './word-vectors/open-word-vectors.ts';
export {
  readWordVectors,
  streamWordVectors,
  type WordVectorLine,
  type WordVectorOptions,
  type WordVectors,
} from './word-vectors/text.ts';
export * from './word-vectors/word-vector-file.ts';
export * from './yaml.ts';
export * from './zip.ts';
