import { lookUp, type SegmentationModel } from '@unseen/core';
import { crfPresets, refineScores } from '@unseen/vision';

/** Parameters of a dense CRF, by the method that published them. */
export type CrfPreset = keyof typeof crfPresets;

/** A model whose scores are refined by a dense CRF on the photo: its grid is the photo itself. Unknown names are `UserError`s. */
export function refinedModel(model: SegmentationModel, preset: string): SegmentationModel {
  const options = lookUp(crfPresets, preset, 'set of CRF parameters');
  return {
    ...model,
    outputStride: 1,
    async logits(image) {
      return refineScores(image, { ...(await model.logits(image)), channels: model.classes.length }, options);
    },
  };
}
