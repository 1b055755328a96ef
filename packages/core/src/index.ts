export { argMax, softmax } from './class-scores.ts';
export {
  type ClassInfo,
  type Dataset,
  IGNORE,
  type InstanceSet,
  ignoreAmong,
  ignoreOf,
  type LabelData,
  type LabelMap,
  labelArray,
  type RgbImage,
  type RunLengths,
  type Sample,
  type ScoreMaps,
  type SegmentationModel,
  type ZeroShotSplit,
} from './contracts.ts';
export { type DownloadOptions, download } from './download.ts';
export {
  DamagedFile,
  didYouMean,
  type ErrorParts,
  editDistance,
  lookUp,
  messageOf,
  nearestName,
  requireWholeNumber,
  UserError,
} from './errors.ts';
export {
  copyAtomic,
  decodeText,
  explainFileError,
  hashJson,
  linkOrCopy,
  makeFolder,
  openFile,
  prepareFolder,
  readBytes,
  readText,
  sha256,
  sha256File,
  writeAtomic,
  writeFileAtomic,
  writeJsonAtomic,
} from './files.ts';
export { parseJson, readJson } from './json.ts';
export { isSideFile, listFiles } from './list-files.ts';
export { requireUnlocked, takeLock } from './lock.ts';
export { isInnerPath, isInside, RUN_NAME, realPath, resolveInside } from './paths.ts';
export { type RandomState, RandomStream, SeedTree } from './random.ts';
export { isBeingWritten, isTemporary, removeAbandoned, temporaryPath } from './temporary.ts';
export { excerpt, listNames, printable } from './text.ts';
