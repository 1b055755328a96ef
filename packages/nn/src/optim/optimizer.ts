import { type Engine, type Gradients, Parameter, type Updater } from '@unseen/tensor';
import type { OptimizerRule } from './rules.ts';

/** Parameters that are trained alike. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  /** Factor of the learning rate. Default 1. */
  readonly rateMultiplier?: number;
  /** Weight decay; whether it is part of the gradient (L2) or decoupled from it is the rule's. Default 0. */
  readonly weightDecay?: number;
}

/** What an optimizer remembers of a parameter. */
export interface ParameterState {
  readonly slots: Readonly<Record<string, Parameter>>;
  /** Updates so far. */
  steps: number;
}

/** Updates parameters in place by a rule, with a rate multiplier and a weight decay for each group. */
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
        if (state.has(parameter)) throw new Error(`a parameter of shape [${parameter.shape}] stands in two groups`);
        const slot = (name: string) => [name, new Parameter(parameter.shape, { trainable: false })] as const;
        state.set(parameter, { slots: Object.fromEntries(rule.slots.map(slot)), steps: 0 });
        this.groups.set(parameter, group);
      }
    }
    this.state = state;
  }

  /**
   * One update of the parameters that have a gradient; the others stay as they are. A gradient of a parameter that no
   * group holds is an error: it would never be trained.
   */
  step(gradients: Gradients, learningRate: number): void {
    for (const [parameter, gradient] of gradients) {
      const group = this.groups.get(parameter);
      const state = this.state.get(parameter);
      if (!group || !state) throw new Error(`no group holds the parameter of shape [${parameter.shape}]`);
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
