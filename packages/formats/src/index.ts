export { dataFolder, expandDataFolder } from './data-folder.ts';
export { type FileKind, fileKind } from './file-kind.ts';
export { gather } from './gather.ts';
export { givenName } from './given-name.ts';
export { encodeJsonObject } from './json/encode-json-object.ts';
export { readJsonAt } from './json/read-json-at.ts';
export { readJsonObject } from './json/read-json-object.ts';
export type { BytePlace, JsonVisitor } from './json/scanner.ts';
export { readMat } from './mat/read-mat.ts';
export { findMatArray, type MatArray, type MatValue, readRowMajor } from './mat/values.ts';
export { decodeNpy, encodeNpy, type NpyArray, type NpyValues, readNpy, writeNpy } from './npy.ts';
export { readNpyText } from './npy-text.ts';
export { type OpenWeightsOptions, openWeights } from './open-weights.ts';
export { PickledArray } from './pickle/numpy-globals.ts';
export { readPickle } from './pickle/read-pickle.ts';
export { PickledObject, PickledRecord, type PickleValue } from './pickle/values.ts';
export {
  decodeIndexedPng,
  decodeRgbPng,
  encodeIndexedPng,
  encodeRgbPng,
  type IndexedPng,
  MOST_PIXELS,
  type Palette,
  type RgbPng,
} from './png.ts';
export { openSafetensors, type SafetensorsFile, type SafetensorsInfo, writeSafetensors } from './safetensors.ts';
export { type ElementType, halfToFloat, type StoredTensor, type TensorValues } from './tensor-values.ts';
export { type Locate, validate } from './validate.ts';
export type { TensorInfo, WeightsFile, WeightsFormat, WeightsTable } from './weights-file.ts';
export { openWordVectors } from './word-vectors/open-word-vectors.ts';
export {
  readWordVectors,
  streamWordVectors,
  type WordVectorLine,
  type WordVectorOptions,
  type WordVectors,
} from './word-vectors/text.ts';
export {
  type FoundVector,
  type LookUpOptions,
  QuantizedModelError,
  type WordVectorFile,
} from './word-vectors/word-vector-file.ts';
export { parseYamlDocument, readYaml, readYamlDocument, type YamlDocument } from './yaml.ts';
export { openZip, type ZipArchive, type ZipEntry } from './zip.ts';
