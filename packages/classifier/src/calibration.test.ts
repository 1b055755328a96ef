import { UserError } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calibratedLogits, calibrationPenalties } from './calibration.ts';

const argMax = (values: readonly number[]) => values.indexOf(Math.max(...values));

const sizes = fc
  .record({ seen: fc.integer({ min: 1, max: 5 }), unseen: fc.integer({ min: 1, max: 5 }) })
  .chain(({ seen, unseen }) =>
    fc.record({
      seen: fc.constant(seen),
      logits: fc.array(fc.double({ min: -6, max: 6, noNaN: true }), {
        minLength: seen + unseen,
        maxLength: seen + unseen,
      }),
    }),
  );

function probabilities(logits: readonly number[]): number[] {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The class that p - γ·[seen] chooses. */
function choose(logits: readonly number[], seen: number, gamma: number): number {
  const penalties = calibrationPenalties({ classes: logits.length, seen, gamma });
  return argMax(probabilities(logits).map((p, c) => p - penalties[c]));
}

test('γ = 0 changes nothing, γ = 1 leaves only unseen classes', () => {
  fc.assert(
    fc.property(sizes, ({ seen, logits }) => {
      expect(choose(logits, seen, 0)).toBe(argMax(probabilities(logits)));
      expect(choose(logits, seen, 1)).toBe(seen + argMax(probabilities(logits).slice(seen)));
    }),
  );
});

test('a pixel that an unseen class has won stays with that class for every greater γ', () => {
  fc.assert(
    fc.property(
      sizes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (given, a, b) => {
        const { seen, logits } = given;
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const before = choose(logits, seen, low);
        if (before >= seen) expect(choose(logits, seen, high)).toBe(before);
        else expect([before, seen + argMax(probabilities(logits).slice(seen))]).toContain(choose(logits, seen, high));
      },
    ),
  );
});

test('calibrated logits have the same arg max', async () => {
  const engine = await createEagerEngine('cpu');
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 0, max: 10 }), async ({ seen, logits }, tenths) => {
      const calibration = { classes: logits.length, seen, gamma: tenths / 10 };
      const inputs = { x: { shape: [1, logits.length], dtype: 'float32' as const } };
      const executable = engine.compile({
        name: 'calibration',
        inputs,
        describe: (ops, { x }) => ({ outputs: { y: calibratedLogits(ops, x, calibration) } }),
      });
      const found = [...(await executable.run({ x: Float32Array.from(logits) }).read('y'))];
      const penalties = calibrationPenalties(calibration);
      const scores = probabilities(logits).map((p, c) => p - penalties[c]);
      expect(found.every(Number.isFinite)).toBe(true);
      expect(scores[argMax(found)]).toBeGreaterThan(Math.max(...scores) - 1e-6);
    }),
    { numRuns: 40 },
  );
});

test.each([-0.1, 1.1, Number.NaN])('γ = %s is refused', (gamma) => {
  expect(() => calibrationPenalties({ classes: 3, seen: 2, gamma })).toThrow(UserError);
});
