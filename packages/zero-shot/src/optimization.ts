import { adam, Optimizer, type ParameterGroup, type Scalars, type Schedule, schedules, sgd } from '@unseen/nn';
import type { Engine, Executable, RunResult } from '@unseen/tensor';
import type { OptimizerSettings } from './optimizer-settings.ts';

/** An optimizer with the learning rate of each iteration. */
export interface ScheduledOptimizer {
  readonly optimizer: Optimizer;
  readonly rate: Schedule;
}

/** Makes an optimizer as the settings ask. */
export function scheduledOptimizer(
  engine: Engine,
  settings: OptimizerSettings,
  parameters: ParameterGroup['parameters'],
  iterations: number,
): ScheduledOptimizer {
  return groupedOptimizer(engine, settings, [{ parameters, weightDecay: settings.weightDecay }], iterations);
}

/** {@link scheduledOptimizer} of groups with rates and weight decays of their own. */
export function groupedOptimizer(
  engine: Engine,
  settings: OptimizerSettings,
  groups: readonly ParameterGroup[],
  iterations: number,
): ScheduledOptimizer {
  const rule = settings.rule === 'adam' ? adam() : sgd({ momentum: 0.9 });
  return { optimizer: new Optimizer(engine, rule, groups), rate: rateSchedule(settings, iterations) };
}

/** Optimizers by the loss whose gradients they apply. */
export type Optimizers = Readonly<Record<string, ScheduledOptimizer>>;

/** Applies every gradient of a run: all were taken before the first update (CG-12). */
export function applyGradients(result: RunResult, optimizers: Optimizers, iteration: number): void {
  for (const [loss, gradients] of Object.entries(result.gradients)) {
    const { optimizer, rate } = optimizers[loss];
    optimizer.step(gradients, rate(iteration));
  }
}

/** The optimizers alone, as checkpoints store them. */
export function optimizersOf(scheduled: Optimizers): Record<string, Optimizer> {
  return Object.fromEntries(Object.entries(scheduled).map(([name, { optimizer }]) => [name, optimizer]));
}

/** Outputs of a run that are single numbers; default: all. */
export async function readScalars(
  executable: Executable,
  result: RunResult,
  names: readonly string[] = Object.keys(executable.outputs),
): Promise<Scalars> {
  const values = await Promise.all(names.map((name) => result.scalar(name)));
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** Learning rate by iteration, as the settings of an optimizer say. */
export function rateSchedule({ rate, schedule }: OptimizerSettings, iterations: number): Schedule {
  switch (schedule.kind) {
    case 'constant':
      return schedules.constant(rate);
    case 'poly':
      return schedules.poly({ rate, iterations, power: schedule.power, refreshEvery: schedule.refresh });
    case 'step':
      return schedules.stepDecay({ rate, start: schedule.start, every: schedule.every, factor: schedule.factor });
  }
}
