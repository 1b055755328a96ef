import { FeatureHeads, PatchHeads } from '@unseen/classifier';
import { type Contextualized, ContextualModule } from '@unseen/contextual';
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
  readonly usesContext: boolean;

  constructor(
    sizes: Omit<CagnetSizes, 'embedding'>,
    network: CagnetSettings['cagnet']['network'],
    choices: CagnetChoices,
    seeds: SeedTree,
  ) {
    super();
    const { channels } = sizes;
    const { width, dilations, kernel, scales, latentKernel, use } = network.contextual;
    this.contextual = new ContextualModule({
      channels,
      width,
      dilations,
      kernel,
      scales,
      latentKernel,
      selector: choices.selector,
      reluLogVariance: choices.reluLogVariance,
      seeds: seeds.child('contextual'),
    });
    this.usesContext = use;
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

  /** Feature map h → features and their latent code: what the contextual module makes of it, or, without it, σ(h) and noise. */
  contextualize<V>(ops: Ops<V>, h: V, sample = ops.training): Omit<Contextualized<V>, 'selection'> {
    if (this.usesContext) return this.contextual.forward(ops, h, sample);
    const shape = ops.shape(h);
    const zero = ops.mul(h, ops.scalar(0));
    return { features: ops.sigmoid(h), mu: zero, logVariance: zero, z: sample ? ops.normal(shape) : zero };
  }

  /** Feature map h → logits, with z = μ outside training. */
  logits<V>(ops: Ops<V>, h: V): V {
    return this.heads.logits(ops, this.contextualize(ops, h).features);
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
