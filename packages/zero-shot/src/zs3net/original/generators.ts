import type { SeedTree } from '@unseen/core';
import type { Module } from '@unseen/nn';
import { createGmmn, type FeatureGenerator, GraphGenerator } from '@unseen/synthesis';
import type { Zs3NetOriginalConfig } from './settings.ts';

/** The generators of an experiment: of pixels, of regions, or both. */
export interface Generators {
  readonly pixels: FeatureGenerator | undefined;
  readonly regions: GraphGenerator | undefined;
  /** Dimension of their noise. */
  readonly noise: number;
}

/** Freshly initialised generators of features with `channels` channels from class vectors of `embedding` numbers. */
export function createGenerators(
  { generator, graph }: Zs3NetOriginalConfig['gmmn'],
  { embedding, channels }: { readonly embedding: number; readonly channels: number },
  seeds: SeedTree,
): Generators {
  const { hidden, dropout, noise: given } = generator;
  const noise = given ?? embedding;
  const sizes = { embedding, noise, features: channels };
  const pixels = createGmmn({ ...sizes, hidden, dropout, seeds: seeds.child('generator') });
  const regions = new GraphGenerator({
    ...sizes,
    hidden: graph.hidden,
    dropout: graph.dropout,
    seeds: seeds.child('graph'),
  });
  return {
    noise,
    pixels: graph.use === 'generator' ? undefined : pixels,
    regions: graph.use === 'none' ? undefined : regions,
  };
}

/** The generators by name, as checkpoints and optimizers have them. */
export function generatorModules({ pixels, regions }: Generators): Readonly<Record<string, Module>> {
  return { ...(pixels && { generator: pixels }), ...(regions && { graph: regions }) };
}
