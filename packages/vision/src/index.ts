export {
  type Augmentation,
  type AugmentationOptions,
  augment,
  checkSameSize,
  drawAugmentation,
} from './augmentation.ts';
export { type ConnectedRegions, connectedRegions } from './connected-regions.ts';
export {
  crfPresets,
  type DenseCrfOptions,
  denseCrf,
  type PairwiseTerm,
  refineScores,
  unaryOfLabels,
  unaryOfProbabilities,
} from './dense-crf/dense-crf.ts';
export { crop, flipHorizontal } from './geometry.ts';
export { type HeatOptions, heatPicture } from './heat.ts';
export { type Normalization, normalize } from './normalization.ts';
export { type OverlayOptions, overlay, paintLabels } from './overlay.ts';
export { type Color, generatedPalette, vocPalette } from './palette.ts';
export { channelsOf, type Raster, type RasterData } from './raster.ts';
export { type ResizeOptions, resizeBilinear, resizeNearest, resizeRgb } from './resize.ts';
export { decodeRunLengths, encodeRunLengths, runLengthArea } from './run-lengths.ts';
export {
  type BestOfParts,
  bestOfParts,
  channelsFrom,
  type LabelOptions,
  labelsFromScores,
  type ScoreGrid,
} from './score-grid.ts';
export {
  augmentShortSide,
  drawShortSideAugmentation,
  type ShortSideAugmentation,
  type ShortSideOptions,
} from './short-side-augmentation.ts';
