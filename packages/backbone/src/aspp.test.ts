import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { SummedAspp } from './aspp.ts';

test('branches are summed, each sees its own distance, and the grid stays', async () => {
  const seeds = new SeedTree(0);
  const aspp = new SummedAspp({ inputs: 1, outputs: 1, dilations: [1, 3], init: constant(1), seeds });
  for (const branch of aspp.branches) branch.bias!.assign(Float32Array.of(0.25));
  const executable = (await createEagerEngine('cpu')).compile({
    name: 'aspp',
    inputs: { x: { shape: [1, 9, 9, 1], dtype: 'float32' } },
    describe: (ops, { x }) => ({ outputs: { y: aspp.forward(ops, x) } }),
  });
  const point = new Float32Array(81);
  point[4 * 9 + 4] = 1;
  const y = await executable.run({ x: point }).read('y');
  for (let row = 0; row < 9; row++)
    for (let column = 0; column < 9; column++) {
      const [dy, dx] = [Math.abs(row - 4), Math.abs(column - 4)];
      const near = dy <= 1 && dx <= 1 ? 1 : 0;
      const far = dy % 3 === 0 && dx % 3 === 0 && dy <= 3 && dx <= 3 ? 1 : 0;
      expect(y[row * 9 + column]).toBeCloseTo(0.5 + near + far, 5);
    }
});
