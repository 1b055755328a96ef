import type { BackboneDefinition } from './definition.ts';
import type { Encoder } from './encoder.ts';
import { importWeights, planWeights, shapesOf } from './import-weights.ts';
import { UNIT_RANGE } from './input-format.ts';
import { MobileNetV1 } from './mobilenet.ts';
import { kerasMobileNetNames } from './names/keras-mobilenet.ts';

/**
 * Loads the `.h5` weights that Keras publishes for MobileNetV1 (`mobilenet_*_tf_no_top.h5`). Strict: weights that are
 * missing, unexpected or of another shape (a different width) are listed in a `UserError`, and nothing is changed.
 */
export async function loadKerasMobileNet(backbone: Encoder, path: string): Promise<void> {
  const { openWeights } = await import('@unseen/formats');
  const file = await openWeights(path);
  try {
    const given = new Map(file.tensors.map(({ name, shape }) => [name, shape]));
    // A classifier counts as unexpected.
    const names = { ...kerasMobileNetNames(), others: [] };
    await importWeights(file, backbone, planWeights(given, shapesOf(backbone), names));
  } finally {
    await file.close();
  }
}

/** Width multipliers in our names, in Keras's file names and as numbers; checksums of the files that were available. */
const WIDTHS = [
  { tag: '025', file: '2_5', alpha: 0.25, sha256: 'dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf' },
  { tag: '050', file: '5_0', alpha: 0.5 },
  { tag: '075', file: '7_5', alpha: 0.75 },
  { tag: '100', file: '1_0', alpha: 1 },
];

const keras = WIDTHS.map(
  ({ tag, file, alpha, sha256 }): BackboneDefinition => ({
    name: `mobilenet_v1_${tag}.keras_in1k`,
    build: (options) => new MobileNetV1({ alpha, ...options }),
    input: UNIT_RANGE,
    outputStrides: [2, 4, 8, 16, 32],
    foreignLoaders: { '.h5': loadKerasMobileNet },
    weights: {
      source: `https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/mobilenet_${file}_224_tf_no_top.h5`,
      format: 'keras-h5',
      ...(sha256 === undefined ? {} : { sha256 }),
      licence: 'Apache-2.0',
      paper: 'Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017',
    },
  }),
);

/** The MobileNets of the registry. */
export const mobileNets: readonly BackboneDefinition[] = [
  ...keras,
  {
    name: 'test_mobilenet.micro',
    build: (options) => new MobileNetV1({ alpha: 1 / 16, ...options }),
    input: UNIT_RANGE,
    outputStrides: [2, 4, 8, 16, 32],
  },
];
