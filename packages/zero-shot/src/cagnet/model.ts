import { FeatureHeads, PatchHeads } from '@unseen/classifier';
import { ContextualModule } from '@unseen/contextual';
import type { SeedTree } from '@unseen/core';
import { Module } from '@unseen/nn';
import { FeatureGenerator } from '@unseen/synthesis';
import type { Ops } from '@unseen/tensor';
import type { CagnetChoices, CagnetSettings } from './settings.ts';

/** Sizes that the data decides. */
export interface CagnetSizes {
  /** Channels of the stored feature map. */
  readonly channels: number;
  /** Dimension of the class vectors. */
  readonly embedding: number;
  readonly seen: number;
  readonly unseen: number;
  /** Side of the patches that the classifier sees. Default: it sees single pixels. */
  readonly patch?: number;
}

/** The networks that segment: contextual module and classifier. */
export class CagnetSegmenter extends Module {
  readonly contextual: ContextualModule;
  readonly heads: FeatureHeads;

  constructor(
    sizes: Omit<CagnetSizes, 'embedding'>,
    network: CagnetSettings['cagnet']['network'],
    choices: CagnetChoices,
    seeds: SeedTree,
  ) {
    super();
    const { channels } = sizes;
    const { width, dilations, latentKernel } = network.contextual;
    this.contextual = new ContextualModule({
      channels,
      width,
      dilations,
      latentKernel,
      selector: choices.selector,
      reluLogVariance: choices.reluLogVariance,
      seeds: seeds.child('contextual'),
    });
    const heads = {
      features: channels,
      hidden: network.heads.hidden,
      dropout: network.heads.dropout,
      classes: sizes.seen + sizes.unseen + (choices.deadChannel ? 1 : 0),
      centre: choices.centre,
      seeds: seeds.child('heads'),
    };
    this.heads = sizes.patch ? new PatchHeads({ ...heads, size: sizes.patch }) : new FeatureHeads(heads);
  }

  /** Feature map h → logits, with z = μ outside training (spec §7.8). */
  logits<V>(ops: Ops<V>, h: V): V {
    return this.heads.logits(ops, this.contextual.forward(ops, h).features);
  }
}

/** CaGNet without its trunk (paper figure 2): contextual module, feature generator, discriminator and classifier. */
export class Cagnet extends CagnetSegmenter {
  readonly generator: FeatureGenerator;

  constructor(
    sizes: CagnetSizes,
    network: CagnetSettings['cagnet']['network'],
    choices: CagnetChoices,
    seeds: SeedTree,
  ) {
    super(sizes, network, choices, seeds);
    const { channels, embedding } = sizes;
    this.generator = new FeatureGenerator({
      embedding,
      latent: channels,
      features: channels,
      hidden: network.generator.hidden,
      dropout: network.generator.dropout,
      seeds: seeds.child('generator'),
    });
  }
}
