import { fuseMaximum, viewsAtScales } from '@unseen/backbone';
import { labelMask } from '@unseen/nn';
import type { InputSpec, Ops } from '@unseen/tensor';

/** What a step on real features is fed with. */
export interface RealInputs {
  readonly batch: number;
  /** Grids [height, width] of the feature maps, full scale first; more than one adds their maximum as a further map. */
  readonly grids: readonly (readonly [number, number])[];
  /** Of what the trunk is given: stored features, or images. */
  readonly channels: number;
  /** Where that is images: their size, and the scales at which they are seen besides it. */
  readonly images?: { readonly size: readonly [number, number]; readonly scales: readonly number[] };
  /**
   * Labelled positions at each scale: the generator, the classifier and the losses then see these rows only, with the
   * same result. Default: all positions of the maps.
   */
  readonly rows?: readonly number[];
  /** [groups, samples] of the MMD content loss, where there is one. */
  readonly groups?: readonly [number, number];
}

/** Names of a step's inputs, one per scale (of images one for all). */
export const realInputs = {
  features: (scale: number) => `features${scale}`,
  labels: (scale: number) => `labels${scale}`,
  positions: (scale: number) => `positions${scale}`,
};

/** The inputs of a step on real features by name. */
export function realInputSpecs({ batch, grids, channels, images, rows, groups }: RealInputs) {
  const inputs: Record<string, InputSpec> = {};
  (images ? [images.size] : grids).forEach((grid, scale) => {
    inputs[realInputs.features(scale)] = { shape: [batch, ...grid, channels], dtype: 'float32' };
  });
  grids.forEach(([height, width], scale) => {
    const labels = rows ? [rows[scale]] : [batch, height, width];
    inputs[realInputs.labels(scale)] = { shape: labels, dtype: 'int32' };
    if (rows) inputs[realInputs.positions(scale)] = { shape: labels, dtype: 'int32' };
  });
  if (groups) {
    inputs.groupPixels = { shape: groups, dtype: 'int32' };
    inputs.groupMask = { shape: groups, dtype: 'float32' };
  }
  return inputs;
}

/** Feature maps with the labels of their positions: maps, or rows of their labelled positions. */
export interface LabelledMaps<V, View> {
  /** What was made of the input at each scale, full first. */
  readonly views: readonly View[];
  /** Features at every scale, full first; their fused maximum last where there are several. */
  readonly maps: readonly V[];
  /** Labels of each of {@link maps}. */
  readonly labels: readonly V[];
  /** 1 where a label counts, at full scale. */
  readonly mask: V;
  /** The labelled rows of another map of the full scale, or the map itself. */
  atLabels(map: V): V;
}

/** Looks at the input at every scale, and takes the labelled positions of the features that `look` makes of it. */
export function labelledMaps<V, View extends { readonly features: V }>(
  ops: Ops<V>,
  inputs: Readonly<Record<string, V>>,
  { grids, images, rows, classes }: RealInputs & { readonly classes: number },
  look: (input: V) => View,
): LabelledMaps<V, View> {
  const views = images
    ? viewsAtScales(ops, inputs[realInputs.features(0)], look, images.scales)
    : grids.map((_, scale) => look(inputs[realInputs.features(scale)]));
  const features = views.map((view) => view.features);
  const fused = views.length > 1 ? [...features, fuseMaximum(ops, features)] : features;
  const scaleOf = (k: number) => (k < grids.length ? k : 0);
  const atLabels = (map: V, scale = 0) =>
    rows ? ops.gather(asRows(ops, map), inputs[realInputs.positions(scale)]) : map;
  const labels = fused.map((_, k) => inputs[realInputs.labels(scaleOf(k))]);
  return {
    views,
    maps: fused.map((map, k) => atLabels(map, scaleOf(k))),
    labels,
    mask: labelMask(ops, labels[0], classes),
    atLabels: (map) => atLabels(map),
  };
}

/** Map [n, h, w, c] → rows [n · h · w, c]. */
function asRows<V>(ops: Ops<V>, map: V): V {
  const [n, height, width, channels] = ops.shape(map);
  return ops.reshape(map, [n * height * width, channels]);
}

/** Σ weight · loss; terms of weight 0 are left out. */
export function weighted<V>(ops: Ops<V>, terms: readonly (readonly [number, V])[]): V {
  const scaled = terms
    .filter(([weight]) => weight !== 0)
    .map(([weight, loss]) => (weight === 1 ? loss : ops.mul(loss, ops.scalar(weight))));
  return scaled.length === 0 ? ops.scalar(0) : scaled.reduce((a, b) => ops.add(a, b));
}

/** Mean of values of one shape. */
export function meanOf<V>(ops: Ops<V>, values: readonly V[]): V {
  const sum = values.reduce((a, b) => ops.add(a, b));
  return values.length === 1 ? sum : ops.mul(sum, ops.scalar(1 / values.length));
}
