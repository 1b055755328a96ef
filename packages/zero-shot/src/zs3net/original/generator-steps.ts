import { mmdLoss } from '@unseen/nn';
import {
  type ClassVectors,
  drawNoise,
  type FeatureGenerator,
  type GraphGenerator,
  type NoiseKind,
} from '@unseen/synthesis';
import type { InputSpec, Ops, Parameter, Program } from '@unseen/tensor';
import type { GmmnChoices } from '../settings.ts';

/** What features are generated from. */
export interface GenerationOptions<G> {
  readonly generator: G;
  readonly vectors: ClassVectors;
  /** Dimension and kind of the noise. */
  readonly noise: number;
  readonly kind: NoiseKind;
  /** Pixels or regions of a run. */
  readonly rows: number;
}

/** Features that a program generates: [rows, channels]. */
export interface Generation {
  readonly rows: number;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly parameters: readonly Parameter[];
  forward<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>): V;
}

/** Features of pixels with labels [rows] (paper §3.2). */
export function pixelGeneration(options: GenerationOptions<FeatureGenerator>): Generation {
  const { generator, vectors, noise, kind, rows } = options;
  return {
    rows,
    inputs: { labels: { shape: [rows], dtype: 'int32' } },
    parameters: generator.parameters(),
    forward: (ops, { labels }) =>
      generator.forward(ops, vectors.lookUp(ops, labels), drawNoise(ops, kind, [rows, noise])),
  };
}

/** Features of regions with labels [rows] that hear each other by a propagation matrix [rows, rows] (paper §3.3). */
export function regionGeneration(options: GenerationOptions<GraphGenerator>): Generation {
  const { generator, vectors, noise, kind, rows } = options;
  return {
    rows,
    inputs: {
      labels: { shape: [rows], dtype: 'int32' },
      propagation: { shape: [rows, rows], dtype: 'float32' },
    },
    parameters: generator.parameters(),
    forward: (ops, { labels, propagation }) =>
      generator.forward(ops, vectors.lookUp(ops, labels), drawNoise(ops, kind, [rows, noise]), propagation),
  };
}

/** Generates with dropout, as the classifier is taught. */
export function generateStep({ inputs, forward }: Generation): Program {
  return {
    name: 'zs3net/generate',
    training: true,
    inputs,
    describe: (ops, values) => ({ outputs: { fake: forward(ops, values) } }),
  };
}

/**
 * A step of a generator: what it makes is to be distributed as the real rows [rows, channels]. Rows whose mask [1, rows] is
 * 0 do not count; `order` [1, rows] numbers the rows. Loss `match`: MMD.
 */
export function matchStep(
  { rows, inputs, parameters, forward }: Generation,
  { channels, choices }: { readonly channels: number; readonly choices: GmmnChoices },
): Program {
  return {
    name: 'zs3net/match',
    training: true,
    inputs: {
      ...inputs,
      real: { shape: [rows, channels], dtype: 'float32' },
      order: { shape: [1, rows], dtype: 'int32' },
      mask: { shape: [1, rows], dtype: 'float32' },
    },
    describe: (ops, { real, order, mask, ...values }) => {
      const value = mmdLoss(ops, forward(ops, values), real, { indices: order, mask }, choices);
      return { outputs: {}, losses: { match: { value, parameters } } };
    },
  };
}
