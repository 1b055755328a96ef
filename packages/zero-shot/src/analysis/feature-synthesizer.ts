import type { RandomStream, RgbImage } from '@unseen/core';
import { warpImage } from '@unseen/experiment';
import type { Executable } from '@unseen/tensor';
import type { ContextualRun } from './contextual-run.ts';

/** The Gaussian of the latent code at each position of an image's feature grid: [h · w · channels] each. */
export interface ImageContext {
  readonly height: number;
  readonly width: number;
  readonly mu: Float32Array;
  readonly logVariance: Float32Array;
}

/** Pixels that the generator works on at once. */
const ROWS = 1024;

/**
 * Makes pixel features of any class from its vector (paper §3.3): in the context of an image, or of none. The features are
 * what the run's classifier takes.
 */
export class FeatureSynthesizer {
  /** Of a feature, and of a latent code. */
  readonly channels: number;
  readonly #run: ContextualRun;
  readonly #generator: Executable;
  #encoder: Executable | undefined;

  constructor(run: ContextualRun) {
    const { networks, trunk } = run;
    const { dimension } = run.words;
    this.#run = run;
    this.channels = trunk.channels;
    this.#generator = run.run.context.engine.compile(
      {
        name: 'analysis/generator',
        inputs: {
          words: { shape: [ROWS, dimension], dtype: 'float32' },
          latent: { shape: [ROWS, trunk.channels], dtype: 'float32' },
        },
        describe: (ops, { words, latent }) => ({
          outputs: { features: networks.generator.forward(ops, words, latent) },
        }),
      },
      { frozen: true },
    );
  }

  /** What the contextual module makes of an image, which is warped as the run's images are. */
  async contextOf(image: RgbImage): Promise<ImageContext> {
    const { networks, trunk, extractor, config, run } = this.#run;
    const [height, width] = extractor.grid;
    this.#encoder ??= run.context.engine.compile(
      {
        name: 'analysis/context',
        inputs: { features: { shape: [1, height, width, extractor.channels], dtype: 'float32' } },
        describe: (ops, { features }) => {
          const { mu, logVariance } = networks.contextual.forward(ops, trunk.forward(ops, features));
          return { outputs: { mu, logVariance } };
        },
      },
      { frozen: true },
    );
    const features = await extractor.extract(warpImage(image, config));
    const result = this.#encoder.run({ features });
    const mu = (await result.read('mu')).slice();
    return { height, width, mu, logVariance: (await result.read('logVariance')).slice() };
  }

  /** Features of one class from latent codes: [n · channels] → [n · channels]. */
  async synthesize(vector: Float32Array, latent: Float32Array): Promise<Float32Array> {
    const { channels } = this;
    const out = new Float32Array(latent.length);
    const words = new Float32Array(ROWS * vector.length);
    for (let row = 0; row < ROWS; row++) words.set(vector, row * vector.length);
    const codes = new Float32Array(ROWS * channels);
    for (let at = 0; at < latent.length; at += codes.length) {
      const part = latent.subarray(at, at + codes.length);
      codes.set(part);
      const features = await this.#generator.run({ words, latent: codes }).read('features');
      out.set(features.subarray(0, part.length), at);
    }
    return out;
  }

  /** {@link synthesize} in no context at all: from `count` codes z ~ N(0, I), as in the fine-tuning. */
  fromNoise(vector: Float32Array, count: number, random: RandomStream): Promise<Float32Array> {
    return this.synthesize(vector, random.fillNormal(new Float32Array(count * this.channels)));
  }

  dispose(): void {
    this.#generator.dispose();
    this.#encoder?.dispose();
  }
}

/** Latent codes of an image's positions: z = μ, or with `random` z ~ N(μ, σ²). */
export function latentCodes({ mu, logVariance }: ImageContext, random?: RandomStream): Float32Array {
  if (!random) return mu;
  const noise = random.fillNormal(new Float32Array(mu.length));
  return mu.map((mean, i) => mean + Math.exp(logVariance[i] / 2) * noise[i]);
}
