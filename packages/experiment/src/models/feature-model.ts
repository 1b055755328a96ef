import { normalizeImages } from '@unseen/backbone';
import type { Program } from '@unseen/tensor';
import type { BackboneNetwork } from '../backbone.ts';
import type { TrunkSettings } from '../config/schema.ts';
import { FeatureExtractor, sizeAtScale, warpImage } from '../features/extractor.ts';
import type { ModelContext, ScorePredictor } from '../pipeline/method.ts';

/** The part of a {@link featureModel} behind the backbone. */
export interface FeatureHead {
  /** Raw class ids, one per channel of the logits. */
  readonly classes: readonly number[];
  /** From the input `features` [1, h, w, channels] to the output `logits` [1, h, w, classes], weights in place. */
  program(grid: readonly [number, number]): Program;
}

/** Options of {@link featureModel}. */
export interface FeatureModelOptions {
  readonly settings: Pick<TrunkSettings, 'data' | 'features' | 'backbone'>;
  /** Relative to the size to which the experiment warps images. */
  readonly scale: number;
  readonly backbone: BackboneNetwork;
  readonly head: FeatureHead;
}

/** A model of a run: the backbone, with the weights that its features were made with, and what was trained behind it. */
export function featureModel(
  { engine }: Pick<ModelContext, 'engine'>,
  { settings, scale, backbone, head }: FeatureModelOptions,
): ScorePredictor {
  // The size at which the features of test images are stored.
  const size = sizeAtScale(settings, settings.features.scales[0] * scale);
  const extractor = new FeatureExtractor(engine, backbone, { size, flip: false });
  const { grid } = extractor;
  const [height, width] = grid;
  const behind = head.program(grid);
  const executable = engine.compile(behind, { frozen: true });
  const logitsOfFeatures = async (features: Float32Array) => {
    const data = await executable.run({ features }).read('logits');
    return { height, width, data };
  };
  return {
    output: 'scores',
    normalization: backbone.definition.input,
    outputStride: backbone.encoder.taps[0].stride,
    input: { height: size[0], width: size[1] },
    classes: head.classes,
    grid,
    logits: async (image) => logitsOfFeatures(await extractor.extract(warpImage(image, settings))),
    // Only at the scale of the stored features; behind a backbone that was trained there are none.
    ...(scale === 1 && !settings.backbone.train && { logitsOfFeatures }),
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
