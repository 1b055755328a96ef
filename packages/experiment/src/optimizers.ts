import {
  adam,
  adamw,
  Optimizer,
  type OptimizerRule,
  type ParameterGroup,
  type Schedule,
  type ScheduledOptimizer,
  schedules,
  sgd,
} from '@unseen/nn';
import type { Engine } from '@unseen/tensor';
import { z } from 'zod';
import { positiveInteger } from './config/schema.ts';
import type { Trunk } from './features/trunk.ts';

const positive = z.number().positive();
const weight = z.number().nonnegative();

/** How a learning rate changes: not at all, `poly` to 0, or in steps by a factor. */
export const scheduleSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({ kind: z.literal('poly'), power: positive.default(0.9), refresh: positiveInteger().default(1) }),
  z.strictObject({ kind: z.literal('step'), start: positiveInteger(), every: positiveInteger(), factor: positive }),
]);

/** An update rule with its learning rate. Weight decay is L2 in the gradient; that of `adamw` is decoupled. */
export const optimizerSettings = z.strictObject({
  rule: z.enum(['adam', 'adamw', 'sgd']).default('adam'),
  rate: positive,
  /** Of `sgd`. */
  momentum: z.number().min(0).lt(1).default(0.9),
  /** Of `sgd`. */
  nesterov: z.boolean().default(false),
  weightDecay: weight.default(0),
  schedule: scheduleSettings.default({ kind: 'constant' }),
});

/** Checked settings of an optimizer. */
export type OptimizerSettings = z.output<typeof optimizerSettings>;

/** Optimizer of the loss that also trains the encoder or the ASPP of a trunk, with the rates of its groups (DeepLab v2). */
export const trunkOptimizer = optimizerSettings.extend({
  rule: optimizerSettings.shape.rule.removeDefault().default('sgd'),
  weightDecay: optimizerSettings.shape.weightDecay.removeDefault().default(5e-4),
  multipliers: z
    .strictObject({
      encoder: weight.default(1),
      aspp: weight.default(10),
      /** Without weight decay. */
      asppBias: weight.default(20),
    })
    .prefault({}),
});

/** Makes an optimizer of one group of parameters as the settings ask. */
export function scheduledOptimizer(
  engine: Engine,
  settings: OptimizerSettings,
  parameters: ParameterGroup['parameters'],
  iterations: number,
): ScheduledOptimizer {
  return groupedOptimizer(engine, settings, [{ parameters, weightDecay: settings.weightDecay }], iterations);
}

/** {@link scheduledOptimizer} of groups with learning rates and weight decays of their own. */
export function groupedOptimizer(
  engine: Engine,
  settings: OptimizerSettings,
  groups: readonly ParameterGroup[],
  iterations: number,
): ScheduledOptimizer {
  return {
    optimizer: new Optimizer(engine, ruleOf(settings), groups),
    learningRate: scheduleOf(settings, iterations),
  };
}

function ruleOf({ rule, momentum, nesterov }: OptimizerSettings): OptimizerRule {
  switch (rule) {
    case 'adam':
      return adam();
    case 'adamw':
      return adamw();
    case 'sgd':
      return sgd({ momentum, nesterov });
  }
}

/** Learning rate by iteration, as the settings of an optimizer say. */
export function scheduleOf({ rate, schedule }: OptimizerSettings, iterations: number): Schedule {
  switch (schedule.kind) {
    case 'constant':
      return schedules.constant(rate);
    case 'poly':
      return schedules.poly({ rate, iterations, power: schedule.power, refreshEvery: schedule.refresh });
    case 'step':
      return schedules.stepDecay({ rate, start: schedule.start, every: schedule.every, factor: schedule.factor });
  }
}

/** Encoder, weights and biases of the ASPP, each with its learning rate; biases do not decay. */
export function trunkGroups(
  { encoder, aspp }: Trunk,
  { multipliers, weightDecay }: Pick<z.output<typeof trunkOptimizer>, 'multipliers' | 'weightDecay'>,
): ParameterGroup[] {
  const branches = aspp?.branches ?? [];
  return [
    { parameters: encoder?.parameters() ?? [], rateMultiplier: multipliers.encoder, weightDecay },
    { parameters: branches.map(({ weight }) => weight), rateMultiplier: multipliers.aspp, weightDecay },
    { parameters: branches.flatMap(({ bias }) => bias ?? []), rateMultiplier: multipliers.asppBias },
  ];
}
