import { normalizeImages } from '@unseen/backbone';
import type { Ops, Program } from '@unseen/tensor';
import { resizeBilinear } from '@unseen/vision';
import type { BackboneNetwork } from './backbone.ts';
import { sizeAtScale, warpImage } from './extractor.ts';
import type { ModelChoice, ModelContext, RunModel } from './method.ts';

/** What an {@link imageModel} makes of images, backbone included. */
export interface ImageNetwork {
  /** Raw class ids, one per channel of the logits. */
  readonly classes: readonly number[];
  /** Normalised images [1, height, width, 3] → logits [1, h, w, classes]. */
  logits<V>(ops: Ops<V>, images: V): V;
}

/** A model of a run that is one network from the image on, such as one that looks at several scales of it. */
export function imageModel(
  { config, engine }: ModelContext,
  { scale }: ModelChoice,
  { definition, encoder }: BackboneNetwork,
  network: ImageNetwork,
): RunModel {
  const size = sizeAtScale(config, config.features.scales[0] * scale);
  const program: Program = {
    name: `${config.method}/predict`,
    inputs: { image: { shape: [1, ...size, 3], dtype: 'float32' } },
    describe: (ops, { image }) => ({
      outputs: { logits: network.logits(ops, normalizeImages(ops, image, definition.input)) },
    }),
  };
  const executable = engine.compile(program, { frozen: true });
  const [, height, width] = executable.outputs.logits;
  return {
    outputStride: encoder.taps[0].stride,
    input: { height: size[0], width: size[1] },
    classes: network.classes,
    grid: [height, width],
    async logits(image) {
      const scaled = resizeBilinear(warpImage(image, config), ...size);
      return { height, width, data: await executable.run({ image: scaled.data }).read('logits') };
    },
    program: () => program,
    dispose: () => executable.dispose(),
  };
}
