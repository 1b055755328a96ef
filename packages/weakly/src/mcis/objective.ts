import { multiLabelSoftMargin } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { imageScores, type PairMaps, type PairNetwork } from './pair-network.ts';

/** Labels of the images of n pairs, 0 or 1: [n, classes] each. */
export interface PairLabels<V> {
  readonly left: V;
  readonly right: V;
}

/** Losses of one pair of images (Sun et al. 2020, §3.1). */
export interface PairLosses<V> {
  /** Each image from its own features, with its own labels. */
  readonly basic: V;
  /** Each image from the shared features, with the shared labels. */
  readonly co: V;
  /** The left image from the features that the right one lacks, with the labels that only the left one has. */
  readonly contrastLeft: V;
  readonly contrastRight: V;
}

/**
 * The losses of the class maps of pairs. A contrastive loss is 0 if no image in the batch has a label that its partner
 * lacks. If some have, the other images take part with all labels 0, as in the authors' code.
 */
export function pairLosses<V>(
  ops: Ops<V>,
  { left, right }: { readonly left: PairMaps<V>; readonly right: PairMaps<V> },
  labels: PairLabels<V>,
): PairLosses<V> {
  const common = ops.mul(labels.left, labels.right);
  const both = (first: V, second: V, firstLabels: V, secondLabels: V) =>
    multiLabelSoftMargin(
      ops,
      ops.concat([imageScores(ops, first), imageScores(ops, second)], 0),
      ops.concat([firstLabels, secondLabels], 0),
    );
  const contrast = (maps: V, own: V) => {
    const exclusive = ops.sub(own, common);
    const one = ops.scalar(1);
    // min(1, number of labels)
    const isAny = ops.sub(one, ops.relu(ops.sub(one, ops.sum(exclusive))));
    return ops.mul(isAny, multiLabelSoftMargin(ops, imageScores(ops, maps), exclusive));
  };
  return {
    basic: both(left.basic, right.basic, labels.left, labels.right),
    co: both(left.co, right.co, common, common),
    contrastLeft: contrast(left.contrast, labels.left),
    contrastRight: contrast(right.contrast, labels.right),
  };
}

/** Images of n training pairs [n, H, W, 3], and additional views of the left images, of any size. */
export interface TrainingPairs<V> {
  readonly left: V;
  readonly right: V;
  /** By name. The authors use mirrored views, and views of 3/4 and twice the size. */
  readonly views: Readonly<Record<string, V>>;
}

/** Options of {@link mcisLosses}. */
export interface McisLossOptions {
  /** Whether to include the contrastive losses; the authors do from the third epoch on. */
  readonly contrast: boolean;
}

/**
 * All losses of a training step of MCIS, to be added: {@link pairLosses} of each pair, and the basic and common losses
 * of each left image with its views, which share all labels. By name: `basic`, `co`, `contrastLeft`, `contrastRight`,
 * and `basic.<view>`, `co.<view>`.
 */
export function mcisLosses<V>(
  ops: Ops<V>,
  network: PairNetwork,
  pairs: TrainingPairs<V>,
  options: McisLossOptions & { readonly labels: PairLabels<V> },
): Record<string, V> {
  const { labels, contrast } = options;
  const left = network.features(ops, pairs.left);
  const ofPair = pairLosses(ops, network.relate(ops, left, network.features(ops, pairs.right)), labels);
  const { basic, co, contrastLeft, contrastRight } = ofPair;
  const losses: Record<string, V> = { basic, co, ...(contrast && { contrastLeft, contrastRight }) };
  for (const [name, view] of Object.entries(pairs.views)) {
    const maps = network.relate(ops, left, network.features(ops, view));
    const ofView = pairLosses(ops, maps, { left: labels.left, right: labels.left });
    losses[`basic.${name}`] = ofView.basic;
    losses[`co.${name}`] = ofView.co;
  }
  return losses;
}
