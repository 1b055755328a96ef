import { PixelClassifier } from '@unseen/classifier';
import type { SeedTree } from '@unseen/core';
import { Module } from '@unseen/nn';
import { createGmmn, type FeatureGenerator } from '@unseen/synthesis';
import type { Zs3NetChoices, Zs3NetSettings } from './settings.ts';

/** Sizes that the data decides. */
export interface Zs3NetSizes {
  /** Channels of the feature map. */
  readonly channels: number;
  /** Dimension of the class vectors. */
  readonly embedding: number;
  readonly seen: number;
  readonly unseen: number;
}

/** The classifier of ZS3Net as the comparison tables have it, on features in (0, 1): CaGNet's. */
export function zs3netClassifier(
  { channels, seen, unseen }: Omit<Zs3NetSizes, 'embedding'>,
  { classifier }: Zs3NetSettings['zs3net']['network'],
  { centre }: Zs3NetChoices,
  seeds: SeedTree,
): PixelClassifier {
  const { hidden, dropout } = classifier;
  return new PixelClassifier({ features: channels, hidden, dropout, classes: seen + unseen, centre, seeds });
}

/** ZS3Net without its trunk, as in the comparison tables of CaGNet: generator and classifier. */
export class Zs3Net extends Module {
  readonly generator: FeatureGenerator;
  readonly classifier: PixelClassifier;
  /** Dimension of the generator's noise. */
  readonly noise: number;

  constructor(
    sizes: Zs3NetSizes,
    network: Zs3NetSettings['zs3net']['network'],
    choices: Zs3NetChoices,
    seeds: SeedTree,
  ) {
    super();
    const { channels, embedding } = sizes;
    const { hidden, dropout, noise } = network.generator;
    this.noise = noise ?? channels;
    this.generator = createGmmn({
      embedding,
      noise: this.noise,
      features: channels,
      hidden,
      dropout,
      seeds: seeds.child('generator'),
    });
    this.classifier = zs3netClassifier(sizes, network, choices, seeds.child('classifier'));
  }
}
