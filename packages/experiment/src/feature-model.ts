import { normalizeImages } from '@unseen/backbone';
import type { Program } from '@unseen/tensor';
import type { BackboneNetwork } from './backbone.ts';
import { FeatureExtractor, sizeAtScale, warpImage } from './extractor.ts';
import type { ModelChoice, ModelContext, RunModel } from './method.ts';

/** The part of a {@link featureModel} behind the backbone. */
export interface FeatureHead {
  /** Raw class ids, one per channel of the logits. */
  readonly classes: readonly number[];
  /** From the input `features` [1, h, w, channels] to the output `logits` [1, h, w, classes], weights in place. */
  program(grid: readonly [number, number]): Program;
}

/** A model of a run: the backbone, with the weights that its features were made with, and what was trained behind it. */
export function featureModel(
  { config, engine }: ModelContext,
  { scale }: ModelChoice,
  backbone: BackboneNetwork,
  head: FeatureHead,
): RunModel {
  // The size at which the features of test images are stored.
  const size = sizeAtScale(config, config.features.scales[0] * scale);
  const extractor = new FeatureExtractor(engine, backbone, { size, flip: false });
  const { grid } = extractor;
  const [height, width] = grid;
  const behind = head.program(grid);
  const executable = engine.compile(behind, { frozen: true });
  return {
    outputStride: backbone.encoder.taps[0].stride,
    input: { height: size[0], width: size[1] },
    classes: head.classes,
    grid,
    async logits(image) {
      const features = await extractor.extract(warpImage(image, config));
      const data = await executable.run({ features }).read('logits');
      return { height, width, data };
    },
    program: () => ({
      name: behind.name,
      inputs: { image: { shape: [1, ...size, 3], dtype: 'float32' } },
      describe: (ops, { image }) => {
        const [features] = backbone.encoder.forward(ops, normalizeImages(ops, image, backbone.definition.input));
        return behind.describe(ops, { features });
      },
    }),
    dispose() {
      extractor.dispose();
      executable.dispose();
    },
  };
}
