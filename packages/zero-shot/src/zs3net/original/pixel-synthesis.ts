import type { RandomStream } from '@unseen/core';
import type { GeneratorTrainer } from './generator-trainer.ts';
import { pixelsByClass, type Scene } from './scene.ts';

/** Learns and generates the features of one scene's map [positions · channels]. */
export interface Synthesis {
  /** Updates of the generator on the real features; returns their losses. */
  learn(features: Float32Array, scene: Scene, iteration: number, random: RandomStream): Promise<readonly number[]>;
  /** Features for the scene's layout. */
  generate(scene: Scene, random: RandomStream): Promise<Float32Array>;
}

/** Options of {@link pixelSynthesis}. */
export interface PixelSynthesisOptions {
  readonly trainer: GeneratorTrainer;
  /** Channels below this are learnt from. */
  readonly seen: number;
  /** Pixels of a class that an update compares, drawn with replacement. */
  readonly samples: number;
}

/** Pixel by pixel: one update for each seen class of a scene (paper §3.2). */
export function pixelSynthesis({ trainer, seen, samples }: PixelSynthesisOptions): Synthesis {
  return {
    async learn(features, { known }, iteration, random) {
      const channels = features.length / known.length;
      const losses: number[] = [];
      for (const [label, pixels] of pixelsByClass(known, seen)) {
        const real = new Float32Array(samples * channels);
        for (let row = 0; row < samples; row++) {
          const pixel = pixels[random.integer(pixels.length)];
          real.set(features.subarray(pixel * channels, (pixel + 1) * channels), row * channels);
        }
        const feeds = { labels: new Int32Array(samples).fill(label) };
        losses.push(await trainer.match({ feeds, real, mask: new Float32Array(samples).fill(1) }, iteration, random));
      }
      return losses;
    },
    generate: ({ layout }, random) => trainer.generate({ labels: layout }, layout.length, random),
  };
}
