import type { UpdateRule } from '@unseen/tensor';

/** What the numbers of a step depend on. */
export interface StepNumbers {
  /** 1 at the first update of a parameter. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** An {@link UpdateRule} together with the numbers that it is fed at each step. */
export interface OptimizerRule extends UpdateRule {
  numbers(of: StepNumbers): Record<string, number>;
}

/** Stochastic gradient descent: v ← momentum · v + g + decay · w, w ← w - rate · v. Weight decay is part of the gradient. */
export function sgd(options: { readonly momentum?: number } = {}): OptimizerRule {
  const { momentum = 0 } = options;
  return {
    name: `sgd(${momentum})`,
    slots: momentum === 0 ? [] : ['velocity'],
    scalars: ['rate', 'decay'],
    numbers: ({ learningRate, weightDecay }) => ({ rate: learningRate, decay: weightDecay }),
    update(ops, weights, gradient, { velocity }, { rate, decay }) {
      const full = ops.add(gradient, ops.mul(weights, decay));
      const next = momentum === 0 ? full : ops.add(ops.mul(velocity, ops.scalar(momentum)), full);
      const slots: Record<string, typeof full> = momentum === 0 ? {} : { velocity: next };
      return { weights: ops.sub(weights, ops.mul(next, rate)), slots };
    },
  };
}

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Default .9. */
  readonly beta1?: number;
  /** Default .999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba 2015). Weight decay is L2 in the gradient, as in `torch.optim.Adam`; not decoupled. */
export function adam(options: AdamOptions = {}): OptimizerRule {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: `adam(${beta1}, ${beta2}, ${epsilon})`,
    slots: ['mean', 'variance'],
    scalars: ['rate', 'decay', 'correction'],
    numbers: ({ step, learningRate, weightDecay }) => ({
      rate: learningRate / (1 - beta1 ** step),
      decay: weightDecay,
      correction: 1 / Math.sqrt(1 - beta2 ** step),
    }),
    update(ops, weights, gradient, slots, { rate, decay, correction }) {
      const full = ops.add(gradient, ops.mul(weights, decay));
      const average = (old: typeof full, value: typeof full, beta: number) =>
        ops.add(ops.mul(old, ops.scalar(beta)), ops.mul(value, ops.scalar(1 - beta)));
      const mean = average(slots.mean, full, beta1);
      const variance = average(slots.variance, ops.square(full), beta2);
      const root = ops.add(ops.mul(ops.sqrt(variance), correction), ops.scalar(epsilon));
      return { weights: ops.sub(weights, ops.div(ops.mul(mean, rate), root)), slots: { mean, variance } };
    },
  };
}
