import { normalizeImages } from '@unseen/backbone';
import type { Ops, Program } from '@unseen/tensor';
import { type Normalization, resizeBilinear } from '@unseen/vision';
import { warpImage } from '../features/extractor.ts';
import type { ModelContext, ScorePredictor } from '../pipeline/method.ts';

/** What an {@link imageModel} makes of images, backbone included. */
export interface ImageNetwork {
  /** For messages and caches. */
  readonly name: string;
  /** Raw class ids, one per channel of the logits. */
  readonly classes: readonly number[];
  /** Pixels of the input per position of the logits. */
  readonly outputStride: number;
  /** [height, width] to which images are warped. */
  readonly warp: readonly [number, number];
  /** [height, width] of the network's input, to which warped images are resized. */
  readonly size: readonly [number, number];
  readonly normalization: Normalization;
  /** Normalised images [1, height, width, 3] → logits [1, h, w, classes]. */
  logits<V>(ops: Ops<V>, images: V): V;
}

/** A predictor that is one network from the image on. */
export function imageModel({ engine }: Pick<ModelContext, 'engine'>, network: ImageNetwork): ScorePredictor {
  const { name, classes, outputStride, warp, size, normalization } = network;
  const program: Program = {
    name: `${name}/predict`,
    inputs: { image: { shape: [1, ...size, 3], dtype: 'float32' } },
    describe: (ops, { image }) => ({
      outputs: { logits: network.logits(ops, normalizeImages(ops, image, normalization)) },
    }),
  };
  const executable = engine.compile(program, { frozen: true });
  const [, height, width] = executable.outputs.logits;
  return {
    output: 'scores',
    normalization,
    outputStride,
    input: { height: size[0], width: size[1] },
    classes,
    grid: [height, width],
    async logits(image) {
      const scaled = resizeBilinear(warpImage(image, { data: { size: warp } }), ...size);
      return { height, width, data: await executable.run({ image: scaled.data }).read('logits') };
    },
    program: () => program,
    dispose: () => executable.dispose(),
  };
}
