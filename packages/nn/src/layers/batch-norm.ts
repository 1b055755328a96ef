import { type Ops, Parameter, type RunResult, type UpdateRule, type Updater } from '@unseen/tensor';
import { Module } from '../module.ts';

/** Options of {@link BatchNorm}. */
export interface BatchNormOptions {
  readonly channels: number;
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Always normalise by the running statistics, and do not train scale and shift. Default false. */
  readonly frozen?: boolean;
  /** Whether training normalises by the statistics of the batch or by the running ones. Default `batch`. */
  readonly statistics?: 'batch' | 'running';
}

/**
 * Batch normalisation over all but the last axis. If frozen, or outside training, it is an affine map by the running
 * statistics; with `statistics: 'running'` in training too, where scale and shift are then trained. Otherwise training
 * normalises by the statistics of the batch, which {@link trackStatistics} returns.
 */
export class BatchNorm extends Module {
  /** [channels], as are the other three. */
  readonly scale: Parameter;
  readonly shift: Parameter;
  readonly runningMean: Parameter;
  readonly runningVariance: Parameter;
  readonly epsilon: number;
  readonly frozen: boolean;
  readonly statistics: 'batch' | 'running';

  constructor(options: BatchNormOptions) {
    super();
    const { channels, epsilon = 1e-5, frozen = false, statistics = 'batch' } = options;
    this.scale = new Parameter([channels], { values: new Float32Array(channels).fill(1), trainable: !frozen });
    this.shift = new Parameter([channels], { trainable: !frozen });
    this.runningMean = new Parameter([channels], { trainable: false });
    this.runningVariance = new Parameter([channels], {
      values: new Float32Array(channels).fill(1),
      trainable: false,
    });
    this.epsilon = epsilon;
    this.frozen = frozen;
    this.statistics = statistics;
  }

  forward<V>(ops: Ops<V>, x: V): V {
    if (this.frozen || this.statistics === 'running' || !ops.training) {
      return this.affine(ops, x, ops.parameter(this.runningMean), ops.parameter(this.runningVariance));
    }
    const shape = ops.shape(x);
    const axes = shape.slice(0, -1).map((_, axis) => axis);
    const mean = ops.mean(x, axes);
    const variance = ops.mean(ops.square(ops.sub(x, mean)), axes);
    trackers.get(ops)?.set(this, { mean, variance, count: shape.slice(0, -1).reduce((a, b) => a * b, 1) });
    return this.affine(ops, x, mean, variance);
  }

  private affine<V>(ops: Ops<V>, x: V, mean: V, variance: V): V {
    const deviation = ops.sqrt(ops.add(variance, ops.scalar(this.epsilon)));
    const gain = ops.div(ops.parameter(this.scale), deviation);
    const offset = ops.sub(ops.parameter(this.shift), ops.mul(mean, gain));
    return ops.add(ops.mul(x, gain), offset);
  }
}

/** Statistics of one forward pass; `V` differs from one interpreter to the next, hence `unknown`. */
type Tracked = Map<BatchNorm, { readonly mean: unknown; readonly variance: unknown; readonly count: number }>;

/** Trackers of the passes that are currently being described; describing is synchronous. */
const trackers = new WeakMap<object, Tracked>();

/**
 * Runs `describe` and returns the batch statistics of the given normalisations as outputs of the program, which {@link
 * updateStatistics} reads after each step. Normalisations that are frozen or not reached have none.
 */
export function trackStatistics<V, R>(
  ops: Ops<V>,
  norms: readonly BatchNorm[],
  describe: () => R,
): { readonly result: R; readonly outputs: Readonly<Record<string, V>> } {
  const tracked: Tracked = new Map();
  const outer = trackers.get(ops);
  trackers.set(ops, tracked);
  try {
    const result = describe();
    const outputs: Record<string, V> = {};
    norms.forEach((norm, i) => {
      const found = tracked.get(norm);
      if (!found) return;
      outputs[`norm.${i}.mean`] = found.mean as V;
      // The running variance is the unbiased one.
      const unbiased = found.count / Math.max(1, found.count - 1);
      outputs[`norm.${i}.variance`] = ops.mul(found.variance as V, ops.scalar(unbiased));
    });
    return { result, outputs };
  } finally {
    if (outer) trackers.set(ops, outer);
    else trackers.delete(ops);
  }
}

/** Moves running statistics towards those of a batch, which take the place of a gradient. */
export const movingStatistics: UpdateRule = {
  name: 'moving statistics',
  slots: [],
  scalars: ['momentum'],
  update: (ops, weights, batch, _, { momentum }) => ({
    weights: ops.add(weights, ops.mul(ops.sub(batch, weights), momentum)),
    slots: {},
  }),
};

/**
 * Moves the running statistics towards those of a step; `norms` as passed to {@link trackStatistics}. With an updater
 * for {@link movingStatistics} this happens where the engine keeps them, otherwise on the host.
 */
export async function updateStatistics(
  norms: readonly BatchNorm[],
  result: RunResult,
  options: { readonly outputs: readonly string[]; readonly momentum?: number; readonly updater?: Updater | undefined },
): Promise<void> {
  const { outputs, momentum = 0.1, updater } = options;
  for (const [i, norm] of norms.entries()) {
    for (const [name, parameter] of [
      [`norm.${i}.mean`, norm.runningMean],
      [`norm.${i}.variance`, norm.runningVariance],
    ] as const) {
      if (!outputs.includes(name)) continue;
      if (updater && result.held) {
        updater.apply(parameter, result.held(name), {}, { momentum });
        continue;
      }
      const batch = await result.read(name);
      parameter.assign(parameter.values.map((value, c) => value + momentum * (batch[c] - value)));
    }
  }
}

/**
 * Filter and bias of the convolution that equals `convolution` followed by `norm` with its running statistics.
 * Works for ordinary and depthwise filters: axis 0 is the output channel of both.
 */
export function foldBatchNorm(
  convolution: { readonly weight: Parameter; readonly bias?: Parameter | undefined },
  norm: BatchNorm,
): { readonly weight: Float32Array; readonly bias: Float32Array } {
  const channels = norm.scale.values.length;
  const weight = convolution.weight.values.slice();
  const perChannel = weight.length / channels;
  const bias = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const gain = norm.scale.values[c] / Math.sqrt(norm.runningVariance.values[c] + norm.epsilon);
    for (let i = c * perChannel; i < (c + 1) * perChannel; i++) weight[i] *= gain;
    bias[c] = norm.shift.values[c] + ((convolution.bias?.values[c] ?? 0) - norm.runningMean.values[c]) * gain;
  }
  return { weight, bias };
}
