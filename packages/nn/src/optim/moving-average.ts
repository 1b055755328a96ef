import type { Engine, Parameter, UpdateRule, Updater } from '@unseen/tensor';
import { BatchNorm } from '../layers/batch-norm.ts';
import type { Module } from '../module.ts';

/** Options of {@link MovingAverage}. */
export interface MovingAverageOptions {
  /** The engine that trains `of`. */
  readonly engine: Engine;
  /** The network that is being trained. */
  readonly of: Module;
  /** A network of the same form that holds the averages, such as a teacher. */
  readonly into: Module;
  /** The share of the old average that is kept; a function takes the iteration, from 0. */
  readonly decay: number | ((iteration: number) => number);
  /** Whether the running statistics of batch normalisations are averaged too. Default false. */
  readonly statistics?: boolean;
}

/** The values of another parameter take the gradient's place. */
const average: UpdateRule = {
  name: 'moving average',
  slots: [],
  scalars: ['decay', 'rest'],
  update: (ops, weights, other, _, { decay, rest }) => ({
    weights: ops.add(ops.mul(weights, decay), ops.mul(other, rest)),
    slots: {},
  }),
};

/**
 * Exponential moving average of a network's parameters, frozen ones included: average ← decay · average + (1 - decay) ·
 * weight. It is computed where the engine keeps the weights; `Engine.pull` copies the averages to the host. Networks
 * with different parameters are an error.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 * import { Dense, MovingAverage } from '@unseen/nn';
 * import { createEagerEngine } from '@unseen/tensor';
 *
 * const engine = await createEagerEngine('cpu');
 * const network = (seed) => new Dense({ inputs: 3, outputs: 2, seeds: new SeedTree(seed) });
 * const [student, teacher] = [network(0), network(1)];
 * const averages = new MovingAverage({ engine, of: student, into: teacher, decay: 0.995 });
 * averages.copy(); // the teacher starts as the student
 * averages.step(0); // after each update of the student
 */
export class MovingAverage {
  private readonly decay: (iteration: number) => number;
  private readonly updater: Updater;
  /** Each parameter with the average that follows it. */
  private readonly pairs: readonly (readonly [Parameter, Parameter])[];
  private readonly averaged: readonly (readonly [Parameter, Parameter])[];

  constructor({ engine, of, into, decay, statistics = false }: MovingAverageOptions) {
    this.decay = typeof decay === 'number' ? () => decay : decay;
    this.pairs = pairUp(of, into);
    const running = new Set(
      of.descendants(BatchNorm).flatMap(({ runningMean, runningVariance }) => [runningMean, runningVariance]),
    );
    this.averaged = statistics ? this.pairs : this.pairs.filter(([parameter]) => !running.has(parameter));
    this.updater = engine.updater(average);
  }

  /** Adds the current weights to the averages; iterations count from 0. */
  step(iteration: number): void {
    const decay = this.decay(iteration);
    for (const [parameter, mean] of this.averaged) this.updater.apply(mean, parameter, {}, { decay, rest: 1 - decay });
  }

  /** Sets the averages to the current weights, running statistics included in any case. */
  copy(): void {
    for (const [parameter, mean] of this.pairs) this.updater.apply(mean, parameter, {}, { decay: 0, rest: 1 });
  }

  /** Sets the weights to their averages, running statistics to those of the averaged network. */
  copyBack(): void {
    for (const [parameter, mean] of this.pairs) this.updater.apply(parameter, mean, {}, { decay: 0, rest: 1 });
  }

  dispose(): void {
    this.updater.dispose();
  }
}

function pairUp(of: Module, into: Module): (readonly [Parameter, Parameter])[] {
  const [weights, means] = [of.namedParameters(), into.namedParameters()];
  const odd = [...new Set([...weights.keys(), ...means.keys()])].find(
    (name) => weights.get(name)?.shape.join() !== means.get(name)?.shape.join(),
  );
  if (odd !== undefined) throw new Error(`a network and its averages must have the same parameters: '${odd}' differs`);
  return [...weights].map(([name, parameter]) => [parameter, means.get(name)!]);
}
