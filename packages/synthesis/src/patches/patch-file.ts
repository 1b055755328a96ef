import { labelArray, UserError } from '@unseen/core';
import { openSafetensors, writeSafetensors } from '@unseen/formats';
import type { LabelPatches } from './label-patches.ts';

const FORMAT = 'unseen-patches-1';

/**
 * Writes patches atomically: one tensor `patches` [count, size, size] of bytes (of more than 255 classes, 16-bit numbers), and the
 * number of classes.
 */
export async function writePatchFile(path: string, patches: LabelPatches, classes: number): Promise<void> {
  const { size, count, labels } = patches;
  const tensor = { shape: [count, size, size], values: labels };
  await writeSafetensors(path, [['patches', tensor]], { format: FORMAT, classes: `${classes}` });
}

/**
 * Reads a file written by {@link writePatchFile}. Any other file, and patches with a different number of classes, are
 * `UserError`s.
 */
export async function readPatchFile(path: string, classes: number): Promise<LabelPatches> {
  const file = await openSafetensors(path);
  try {
    const { format = 'no format', classes: found } = file.metadata;
    if (format !== FORMAT) {
      throw new UserError({
        given: `${path} is a safetensors file of a different kind (${format})`,
        expected: `patches of categories (${FORMAT})`,
      });
    }
    if (found !== `${classes}`) {
      throw new UserError({
        given: `${path} holds patches of ${found} classes`,
        expected: `patches of ${classes} classes`,
        remedy: 'sample them again with the split of this experiment',
      });
    }
    const { shape, values } = await file.read('patches');
    const [count, size] = shape;
    const { BYTES_PER_ELEMENT: bytes } = labelArray(classes, 0);
    const isLabels = values instanceof Uint8Array || values instanceof Uint16Array;
    if (!isLabels || values.BYTES_PER_ELEMENT !== bytes || shape.length !== 3 || shape[1] !== shape[2] || count === 0) {
      throw new UserError({
        given: `${path} holds patches of shape [${shape}]`,
        expected: `${8 * bytes}-bit numbers [count, size, size]`,
      });
    }
    const wrong = values.find((label) => label >= classes);
    if (wrong !== undefined) {
      throw new UserError({ given: `${path} contains class ${wrong}`, expected: `classes below ${classes}` });
    }
    return { size, count, labels: values };
  } finally {
    await file.close();
  }
}
