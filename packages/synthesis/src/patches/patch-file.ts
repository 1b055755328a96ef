import { UserError } from '@unseen/core';
import { openSafetensors, writeSafetensors } from '@unseen/formats';
import type { LabelPatches } from './label-patches.ts';

const FORMAT = 'unseen-patches-1';

/** Writes patches atomically: one byte tensor `patches` [count, size, size], and the number of classes. */
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
    if (!(values instanceof Uint8Array) || shape.length !== 3 || shape[1] !== shape[2] || count === 0) {
      throw new UserError({
        given: `${path} holds patches of shape [${shape}]`,
        expected: 'bytes [count, size, size]',
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
