import { type DeepLabV3Plus, normalizeImages } from '@unseen/backbone';
import { type ExperimentConfig, type RunModel, sizeAtScale, warpImage } from '@unseen/experiment';
import type { Engine, Program } from '@unseen/tensor';
import { resizeBilinear } from '@unseen/vision';
import type { Zs3NetOriginalConfig } from './settings.ts';
import { definitionOf } from './setup.ts';

/** A trained network as a model of a run: images of any size are warped to the experiment's, times `scale`. */
export function networkModel(
  engine: Engine,
  config: Zs3NetOriginalConfig,
  network: DeepLabV3Plus,
  { classes, scale }: { readonly classes: readonly number[]; readonly scale: number },
): RunModel {
  const size = sizeAtScale(config, scale);
  const { input } = definitionOf(config);
  const program: Program = {
    name: 'zs3net/segment-image',
    inputs: { image: { shape: [1, ...size, 3], dtype: 'float32' } },
    describe: (ops, { image }) => ({
      outputs: { logits: network.forward(ops, normalizeImages(ops, image, input)).logits },
    }),
  };
  const executable = engine.compile(program, { frozen: true });
  const [, height, width] = executable.outputs.logits;
  return {
    outputStride: network.stride,
    input: { height: size[0], width: size[1] },
    classes,
    grid: [height, width],
    async logits(image) {
      const warped = resizeBilinear(warpImage(image, config as ExperimentConfig), ...size);
      const data = await executable.run({ image: warped.data }).read('logits');
      return { height, width, data };
    },
    program: () => program,
    dispose: () => executable.dispose(),
  };
}
