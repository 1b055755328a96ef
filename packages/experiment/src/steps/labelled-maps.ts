import { fuseMaximum, viewsAtScales } from '@unseen/backbone';
import { labelMask } from '@unseen/nn';
import type { InputSpec, Ops } from '@unseen/tensor';

/** Sizes of what a step on labelled maps is fed with. */
export interface LabelledInputs {
  readonly batch: number;
  /** Grids [height, width] of the maps behind the trunk, full scale first; more than one adds their maximum as a further map. */
  readonly grids: readonly (readonly [number, number])[];
  /** Of what the trunk is given: stored features, or images. */
  readonly channels: number;
  /** Where that is images: their size, and the scales at which they are seen besides it. */
  readonly images?: { readonly size: readonly [number, number]; readonly scales: readonly number[] };
  /**
   * Numbers of labelled positions at each scale, all different: networks per pixel and losses then see these rows only,
   * with the same result. Default: all positions of the maps.
   */
  readonly rows?: readonly number[];
  /** [groups, samples] of the MMD content loss, if it is used. */
  readonly groups?: readonly [number, number];
}

/** Names of a step's inputs, one per scale (of images one for all). */
export const labelledInputs = {
  maps: (scale: number) => `maps${scale}`,
  labels: (scale: number) => `labels${scale}`,
  positions: (scale: number) => `positions${scale}`,
};

/** The inputs of a step on labelled maps by name. */
export function labelledInputSpecs({ batch, grids, channels, images, rows, groups }: LabelledInputs) {
  const inputs: Record<string, InputSpec> = {};
  (images ? [images.size] : grids).forEach((grid, scale) => {
    inputs[labelledInputs.maps(scale)] = { shape: [batch, ...grid, channels], dtype: 'float32' };
  });
  grids.forEach(([height, width], scale) => {
    const labels = rows ? [rows[scale]] : [batch, height, width];
    inputs[labelledInputs.labels(scale)] = { shape: labels, dtype: 'int32' };
    if (rows) inputs[labelledInputs.positions(scale)] = { shape: labels, dtype: 'int32' };
  });
  if (groups) {
    inputs.groupPixels = { shape: groups, dtype: 'int32' };
    inputs.groupMask = { shape: groups, dtype: 'float32' };
  }
  return inputs;
}

/** What was made of an input at every scale, with the labels of its positions. */
export interface LabelledViews<V, View> {
  /** At each scale, full first. */
  readonly views: readonly View[];
  /** On the grid of each scale. */
  readonly labels: readonly V[];
  /** The labelled rows of a map of a scale (default: the full one), or the map itself. */
  atLabels(map: V, scale?: number): V;
}

/** Looks at the input at every scale: at each of its maps, or at rescaled images. */
export function labelledViews<V, View>(
  ops: Ops<V>,
  inputs: Readonly<Record<string, V>>,
  { grids, images, rows }: LabelledInputs,
  look: (input: V) => View,
): LabelledViews<V, View> {
  return {
    views: images
      ? viewsAtScales(ops, inputs[labelledInputs.maps(0)], look, images.scales)
      : grids.map((_, scale) => look(inputs[labelledInputs.maps(scale)])),
    labels: grids.map((_, scale) => inputs[labelledInputs.labels(scale)]),
    atLabels: (map, scale = 0) => {
      if (!rows) return map;
      return ops.gather(asRows(ops, map), inputs[labelledInputs.positions(scale)], { distinct: true });
    },
  };
}

/** Feature maps with the labels of their positions: maps, or rows of their labelled positions. */
export interface LabelledMaps<V, View> extends Pick<LabelledViews<V, View>, 'views' | 'atLabels'> {
  /** Features at every scale, full first; their fused maximum last where there are several. */
  readonly maps: readonly V[];
  /** Labels of each of {@link maps}. */
  readonly labels: readonly V[];
  /** 1 where a label counts, at full scale. */
  readonly mask: V;
}

/** {@link labelledViews}, and the labelled positions of the features that `look` makes of the input. */
export function labelledMaps<V, View extends { readonly features: V }>(
  ops: Ops<V>,
  inputs: Readonly<Record<string, V>>,
  sizes: LabelledInputs & { readonly classes: number },
  look: (input: V) => View,
): LabelledMaps<V, View> {
  const { views, labels, atLabels } = labelledViews(ops, inputs, sizes, look);
  const features = views.map((view) => view.features);
  const fused = views.length > 1 ? [...features, fuseMaximum(ops, features)] : features;
  const scaleOf = (k: number) => (k < labels.length ? k : 0);
  return {
    views,
    maps: fused.map((map, k) => atLabels(map, scaleOf(k))),
    labels: fused.map((_, k) => labels[scaleOf(k)]),
    mask: labelMask(ops, labels[0], sizes.classes),
    atLabels,
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
