import { expect, test } from 'vitest';
import { mirror } from './mirror.ts';
import { normalValues, run } from './run.suite.ts';

test('columns change places, rows and channels do not', async () => {
  const x = normalValues('x', [2, 3, 5, 4]);
  const { outputs, shapes } = await run((ops, { x }) => ({ outputs: { y: mirror(ops, x) } }), { x });
  expect(shapes.y).toEqual(x.shape);
  outputs.y.forEach((value, i) => {
    const column = Math.floor(i / 4) % 5;
    expect(value).toBe(x.values[i + 4 * (4 - 2 * column)]);
  });
});
