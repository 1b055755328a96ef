import { openWeights } from '@unseen/formats';
import type { Encoder } from './encoder.ts';
import { importWeights, planWeights, shapesOf } from './import-weights.ts';
import { kerasMobileNetNames } from './names/keras-mobilenet.ts';

/**
 * Loads the `.h5` weights that Keras publishes for MobileNetV1 (`mobilenet_*_tf_no_top.h5`). Strict: weights that are
 * missing, unexpected or of another shape (another width) are listed in a `UserError`, and nothing is changed.
 */
export async function loadKerasMobileNet(backbone: Encoder, path: string): Promise<void> {
  const file = await openWeights(path);
  try {
    const given = new Map(file.tensors.map(({ name, shape }) => [name, shape]));
    // A classifier would be a weight too many.
    const names = { ...kerasMobileNetNames(), others: [] };
    await importWeights(file, backbone, planWeights(given, shapesOf(backbone), names));
  } finally {
    await file.close();
  }
}
