import { expect, test } from 'vitest';
import { evaluate } from '../evaluate.suite.ts';
import { contentLoss } from './content.ts';

test('mse and l1 are means over masked positions and channels', async () => {
  const result = await evaluate((ops) => {
    const fake = ops.constant([1, 2, 3, 4], [1, 1, 2, 2]);
    const real = ops.constant([0, 0, 0, 0], [1, 1, 2, 2]);
    const mask = ops.constant([0, 1], [1, 1, 2]);
    return {
      mse: contentLoss(ops, 'mse', fake, real, { mask }),
      l1: contentLoss(ops, 'l1', fake, real, { mask }),
    };
  });
  expect(result).toEqual({ mse: [12.5], l1: [3.5] });
});

test('a loss without what it compares by is refused', async () => {
  const run = (kind: 'mse' | 'mmd') =>
    evaluate((ops) => ({ x: contentLoss(ops, kind, ops.scalar(0), ops.scalar(0), {}) }));
  await expect(run('mmd')).rejects.toThrow('groups');
  await expect(run('mse')).rejects.toThrow('mask');
});
