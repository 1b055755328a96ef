import type { Ops, UpdateRule } from '@unseen/tensor';

/** The inputs of an optimizer step. */
export interface StepNumbers {
  /** 1 at the first update of a parameter. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** An {@link UpdateRule} together with the scalars that it takes at each step. */
export interface OptimizerRule extends UpdateRule {
  numbers(of: StepNumbers): Record<string, number>;
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Default 0. */
  readonly momentum?: number;
  /** Steps along g + momentum · v instead of v; needs a momentum. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as in `torch.optim.SGD` without dampening: g ← g + decay · w, v ← momentum · v + g,
 * w ← w - rate · v (Nesterov: w ← w - rate · (g + momentum · v)). Weight decay is part of the gradient.
 */
export function sgd(options: SgdOptions = {}): OptimizerRule {
  const { momentum = 0, nesterov = false } = options;
  if (nesterov && momentum === 0) throw new Error('Nesterov momentum requires a momentum above 0');
  return {
    name: `sgd(${momentum}${nesterov ? ', nesterov' : ''})`,
    slots: momentum === 0 ? [] : ['velocity'],
    scalars: ['rate', 'decay'],
    numbers: ({ learningRate, weightDecay }) => ({ rate: learningRate, decay: weightDecay }),
    update(ops, weights, gradient, { velocity }, { rate, decay }) {
      const full = ops.add(gradient, ops.mul(weights, decay));
      const next = momentum === 0 ? full : ops.add(ops.mul(velocity, ops.scalar(momentum)), full);
      const direction = nesterov ? ops.add(full, ops.mul(next, ops.scalar(momentum))) : next;
      const slots: Record<string, typeof full> = momentum === 0 ? {} : { velocity: next };
      return { weights: ops.sub(weights, ops.mul(direction, rate)), slots };
    },
  };
}

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions {
  /** Default .9. */
  readonly beta1?: number;
  /** Default .999. */
  readonly beta2?: number;
  /** Added to the root of the corrected second moment. Default 1e-8. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba 2015). Weight decay is L2 in the gradient, as in `torch.optim.Adam`; not decoupled. */
export function adam(options: AdamOptions = {}): OptimizerRule {
  return {
    ...adamMoments('adam', options),
    update(ops, weights, gradient, slots, scalars) {
      const full = ops.add(gradient, ops.mul(weights, scalars.decay));
      const { change, ...moments } = adamChange(ops, full, slots, scalars, options);
      return { weights: ops.sub(weights, change), slots: moments };
    },
  };
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2), as in `torch.optim.AdamW`: weight decay is decoupled from the gradient,
 * w ← w - rate · decay · w before Adam's own step.
 */
export function adamw(options: AdamOptions = {}): OptimizerRule {
  const rule = adamMoments('adamw', options);
  return {
    ...rule,
    numbers: (of) => ({ ...rule.numbers(of), decay: of.learningRate * of.weightDecay }),
    update(ops, weights, gradient, slots, scalars) {
      const { change, ...moments } = adamChange(ops, gradient, slots, scalars, options);
      const decayed = ops.sub(weights, ops.mul(weights, scalars.decay));
      return { weights: ops.sub(decayed, change), slots: moments };
    },
  };
}

function adamMoments(name: string, options: AdamOptions): Omit<OptimizerRule, 'update'> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: `${name}(${beta1}, ${beta2}, ${epsilon})`,
    slots: ['mean', 'variance'],
    scalars: ['rate', 'decay', 'correction'],
    numbers: ({ step, learningRate, weightDecay }) => ({
      rate: learningRate / (1 - beta1 ** step),
      decay: weightDecay,
      correction: 1 / Math.sqrt(1 - beta2 ** step),
    }),
  };
}

/** What Adam subtracts from the weights for a gradient, and the moments after it. */
function adamChange<V>(
  ops: Ops<V>,
  gradient: V,
  slots: Readonly<Record<string, V>>,
  { rate, correction }: Readonly<Record<string, V>>,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): { change: V; mean: V; variance: V } {
  const average = (old: V, value: V, beta: number) =>
    ops.add(ops.mul(old, ops.scalar(beta)), ops.mul(value, ops.scalar(1 - beta)));
  const mean = average(slots.mean, gradient, beta1);
  const variance = average(slots.variance, ops.square(gradient), beta2);
  const root = ops.add(ops.mul(ops.sqrt(variance), correction), ops.scalar(epsilon));
  return { change: ops.div(ops.mul(mean, rate), root), mean, variance };
}
