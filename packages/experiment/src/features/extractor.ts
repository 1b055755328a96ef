import type { Engine, Executable } from '@unseen/tensor';
import { flipHorizontal, type Normalization, normalize, type Raster, resizeBilinear } from '@unseen/vision';
import type { BackboneNetwork } from '../backbone.ts';

/** One version of an image that a network sees: a scale, flipped or not. */
export interface View {
  /** Size of the network's input, [height, width]. */
  readonly size: readonly [number, number];
  readonly flip: boolean;
}

/** The size to which an experiment warps images. */
export interface WarpSettings {
  readonly data: { readonly size: readonly [number, number] };
}

/** Size of the network's input for images at a scale of the size to which an experiment warps them (rounded down). */
export function sizeAtScale({ data }: WarpSettings, scale: number): readonly [number, number] {
  const [height, width] = data.size;
  return [Math.floor(height * scale), Math.floor(width * scale)];
}

/** A frozen backbone made ready for one view of images. */
export class FeatureExtractor {
  /** Of the feature map, [height, width]. */
  readonly grid: readonly [number, number];
  readonly channels: number;
  private readonly view: View;
  private readonly normalization: Normalization;
  private readonly executable: Executable;

  constructor(engine: Engine, { encoder, definition }: BackboneNetwork, view: View) {
    this.view = view;
    this.normalization = definition.input;
    this.executable = engine.compile(
      {
        name: `features/${definition.name}`,
        inputs: { images: { shape: [1, ...view.size, 3], dtype: 'float32' } },
        describe: (ops, { images }) => ({ outputs: { features: encoder.forward(ops, images)[0] } }),
      },
      { frozen: true },
    );
    const [, height, width, channels] = this.executable.outputs.features;
    this.grid = [height, width];
    this.channels = channels;
  }

  /**
   * The feature map [h · w · channels] of a warped image (RGB, 0 … 255; see {@link warpImage}), which is resized to the
   * view once more. Valid until the next call.
   */
  extract(warped: Raster<Float32Array>): Promise<Float32Array> {
    const { size, flip } = this.view;
    const scaled = resizeBilinear(warped, ...size);
    const images = normalize(flip ? flipHorizontal(scaled) : scaled, this.normalization).data;
    return this.executable.run({ images }).read('features');
  }

  dispose(): void {
    this.executable.dispose();
  }
}

/** An image warped to the size of an experiment, aspect ratio and all. */
export function warpImage(image: Raster, { data }: WarpSettings): Raster<Float32Array> {
  return resizeBilinear(image, ...data.size);
}
