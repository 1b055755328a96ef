import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().positive();

/** How a learning rate changes: not at all, `poly` to 0, or in steps by a factor. */
export const scheduleSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({ kind: z.literal('poly'), power: positive.default(0.9), refresh: count.default(1) }),
  z.strictObject({ kind: z.literal('step'), start: count, every: count, factor: positive }),
]);

/** An update rule with its learning rate; weight decay is L2 in the gradient. */
export const optimizerSettings = z.strictObject({
  rule: z.enum(['adam', 'sgd']).default('adam'),
  rate: positive,
  weightDecay: z.number().nonnegative().default(0),
  schedule: scheduleSettings.default({ kind: 'constant' }),
});

/** Checked settings of an optimizer. */
export type OptimizerSettings = z.output<typeof optimizerSettings>;
