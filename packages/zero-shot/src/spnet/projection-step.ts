import { fuseMaximum, viewsAtScales } from '@unseen/backbone';
import { crossEntropy } from '@unseen/nn';
import type { InputSpec, Ops, Program } from '@unseen/tensor';
import type { SpnetSettings } from './settings.ts';
import type { SpnetNetworks } from './setup.ts';

type Grid = readonly [number, number];

/** Everything a step of SPNet is made of. */
export interface ProjectionStepOptions extends SpnetNetworks {
  readonly batch: number;
  /** Classes that are learned: the first ones of the head. */
  readonly seen: number;
  readonly scaleLosses: SpnetSettings['spnet']['scaleLosses'];
  /** Grids [height, width] of the logits, full scale first; more than one adds their maximum as a further map. */
  readonly grids: readonly Grid[];
  /** Of what the trunk is given: stored features, or images. */
  readonly channels: number;
  /** Where that is images: their size, and the scales at which they are seen besides it. */
  readonly images?: { readonly size: Grid; readonly scales: readonly number[] };
  /** Labelled positions, where a lone scale is seen: the head then sees these rows only, with the same result. */
  readonly rows?: number;
}

/** Names of a step's inputs, one per scale (of images one for all). */
export const projectionInputs = {
  features: (scale: number) => `features${scale}`,
  labels: (scale: number) => `labels${scale}`,
  positions: 'positions',
};

/**
 * One step of SPNet (spec §6): cross-entropy of the logits of seen classes at every scale, and of the maximum of the scales;
 * the loss `classify` is their sum. Labels are given on each scale's own grid, those of the maximum are those of full scale.
 */
export function projectionStep(options: ProjectionStepOptions): Program {
  const { batch, channels, grids, images, rows } = options;
  const inputs: Record<string, InputSpec> = {};
  for (const [scale, grid] of (images ? [images.size] : grids).entries()) {
    inputs[projectionInputs.features(scale)] = { shape: [batch, ...grid, channels], dtype: 'float32' };
  }
  for (const [scale, grid] of grids.entries()) {
    inputs[projectionInputs.labels(scale)] = { shape: rows === undefined ? [batch, ...grid] : [rows], dtype: 'int32' };
  }
  if (rows !== undefined) inputs[projectionInputs.positions] = { shape: [rows], dtype: 'int32' };
  return {
    name: 'spnet/step',
    inputs,
    training: true,
    describe: (ops, values) => {
      const errors = scaleErrors(ops, values, options);
      const sum = errors.reduce((a, b) => ops.add(a, b));
      const value = options.scaleLosses === 'sum' ? sum : ops.mul(sum, ops.scalar(1 / errors.length));
      const { trunk, head } = options;
      const names = errors.map((_, k) => (k < grids.length ? `classify${k}` : 'classifyMaximum'));
      return {
        outputs: errors.length > 1 ? Object.fromEntries(errors.map((error, k) => [names[k], error])) : {},
        losses: { classify: { value, parameters: [...trunk.parameters(), ...head.parameters()] } },
      };
    },
  };
}

/** Cross-entropy at each scale, then that of the maximum. */
function scaleErrors<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>, options: ProjectionStepOptions): V[] {
  const { grids, rows } = options;
  const labels = grids.map((_, scale) => inputs[projectionInputs.labels(scale)]);
  if (rows !== undefined) {
    const h = options.trunk.forward(ops, inputs[projectionInputs.features(0)]);
    const [n, height, width, channels] = ops.shape(h);
    const table = ops.reshape(h, [n * height * width, channels]);
    const kept = ops.gather(table, inputs[projectionInputs.positions]);
    return [crossEntropy(ops, options.head.forward(ops, kept, options.seen), labels[0])];
  }
  const maps = scaleLogits(ops, inputs, options);
  const all = maps.length > 1 ? [...maps, fuseMaximum(ops, maps)] : maps;
  return all.map((map, k) => crossEntropy(ops, map, labels[k < grids.length ? k : 0]));
}

/** Logits of seen classes at every scale, full first. */
function scaleLogits<V>(
  ops: Ops<V>,
  inputs: Readonly<Record<string, V>>,
  { trunk, head, seen, grids, images }: ProjectionStepOptions,
): V[] {
  const network = (input: V) => head.forward(ops, trunk.forward(ops, input), seen);
  if (images) return viewsAtScales(ops, inputs[projectionInputs.features(0)], network, images.scales);
  return grids.map((_, scale) => network(inputs[projectionInputs.features(scale)]));
}
