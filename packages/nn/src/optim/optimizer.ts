import { type Engine, type Gradients, Parameter, type Updater } from '@unseen/tensor';
import type { OptimizerRule } from './rules.ts';

/** Parameters with the same settings. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  /** Factor of the learning rate. Default 1. */
  readonly rateMultiplier?: number;
  /** Weight decay. The rule decides whether it is part of the gradient (L2) or decoupled from it. Default 0. */
  readonly weightDecay?: number;
}

/** The optimizer's state for a parameter. */
export interface ParameterState {
  readonly slots: Readonly<Record<string, Parameter>>;
  /** Updates so far. */
  steps: number;
}

/**
 * Updates parameters in place by a rule, with a learning rate multiplier and a weight decay per group.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 * import { adamw, Dense, Optimizer } from '@unseen/nn';
 * import { createEagerEngine } from '@unseen/tensor';
 *
 * const engine = await createEagerEngine('cpu');
 * const layer = new Dense({ inputs: 3, outputs: 1, seeds: new SeedTree(0) });
 * const optimizer = new Optimizer(engine, adamw(), [{ parameters: layer.parameters(), weightDecay: 1e-5 }]);
 * const step = engine.compile({
 *   name: 'step',
 *   inputs: { x: { shape: [4, 3], dtype: 'float32' } },
 *   training: true,
 *   describe: (ops, { x }) => {
 *     const value = ops.mean(ops.square(layer.forward(ops, x)));
 *     return { outputs: {}, losses: { loss: { value, parameters: layer.parameters() } } };
 *   },
 * });
 * const result = step.run({ x: new Float32Array(12).fill(1) });
 * optimizer.step(result.gradients.loss, 1e-3);
 */
export class Optimizer {
  readonly engine: Engine;
  readonly rule: OptimizerRule;
  /** State by parameter, in the order of the groups; checkpoints store it. */
  readonly state: ReadonlyMap<Parameter, ParameterState>;
  private readonly groups = new Map<Parameter, ParameterGroup>();
  private readonly updater: Updater;

  constructor(engine: Engine, rule: OptimizerRule, groups: readonly ParameterGroup[]) {
    this.engine = engine;
    this.rule = rule;
    this.updater = engine.updater(rule);
    const state = new Map<Parameter, ParameterState>();
    for (const group of groups) {
      for (const parameter of group.parameters) {
        if (state.has(parameter)) throw new Error(`a parameter of shape [${parameter.shape}] is in two groups`);
        const slot = (name: string) => [name, new Parameter(parameter.shape, { trainable: false })] as const;
        state.set(parameter, { slots: Object.fromEntries(rule.slots.map(slot)), steps: 0 });
        this.groups.set(parameter, group);
      }
    }
    this.state = state;
  }

  /**
   * Updates the parameters that have a gradient; the others stay as they are. A gradient for a parameter outside all
   * groups is an error.
   */
  step(gradients: Gradients, learningRate: number): void {
    for (const [parameter, gradient] of gradients) {
      const group = this.groups.get(parameter);
      const state = this.state.get(parameter);
      if (!group || !state) throw new Error(`the parameter of shape [${parameter.shape}] is in no group`);
      const { rateMultiplier = 1, weightDecay = 0 } = group;
      state.steps++;
      const numbers = { step: state.steps, learningRate: learningRate * rateMultiplier, weightDecay };
      this.updater.apply(parameter, gradient, state.slots, this.rule.numbers(numbers));
    }
  }

  dispose(): void {
    this.updater.dispose();
  }
}
