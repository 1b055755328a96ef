import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { constant } from '../initializers.ts';
import { Conv2d } from './conv.ts';
import { Dense } from './dense.ts';
import { DepthwiseConv2d } from './depthwise.ts';
import { dropout } from './dropout.ts';

const seeds = new SeedTree(0);
const values = [...seeds.stream().fillNormal(new Float32Array(2 * 4 * 5 * 3))];
const x = { shape: [2, 4, 5, 3], values };

test('a dense layer does the same to rows and to maps, and is a 1×1 convolution', async () => {
  const dense = new Dense({ inputs: 3, outputs: 2, biasInit: constant(0.5), seeds });
  const conv = new Conv2d({ inputs: 3, outputs: 2, biasInit: constant(0.5), seeds });
  conv.weight.assign(dense.weight.values);
  const { map, rows, same } = await evaluate(
    (ops, { x }) => ({
      map: dense.forward(ops, x),
      rows: dense.forward(ops, ops.reshape(x, [40, 3])),
      same: conv.forward(ops, x),
    }),
    { inputs: { x } },
  );
  const [w, b] = [dense.weight.values, 0.5];
  expect(rows[1]).toBeCloseTo(values[0] * w[3] + values[1] * w[4] + values[2] * w[5] + b, 5);
  for (const [i, value] of rows.entries()) expect(map[i]).toBeCloseTo(value, 5);
  for (const [i, value] of rows.entries()) expect(same[i]).toBeCloseTo(value, 5);
});

test('dilated and depthwise convolutions keep the grid and reach the neighbours they should', async () => {
  const conv = new Conv2d({ inputs: 3, outputs: 1, kernel: 3, dilation: 2, bias: false, seeds });
  const depthwise = new DepthwiseConv2d({ channels: 3, kernel: 3, seeds });
  const result = await evaluate(
    (ops, { x }) => ({ conv: conv.forward(ops, x), depthwise: depthwise.forward(ops, x) }),
    {
      inputs: { x },
    },
  );
  expect(result.conv).toHaveLength(2 * 4 * 5);
  expect(result.depthwise).toHaveLength(values.length);
  const at = (row: number, column: number, c: number) =>
    row < 0 || row > 3 || column < 0 || column > 4 ? 0 : values[(row * 5 + column) * 3 + c];
  let [sum, own] = [0, 0];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      own += at(1 + i - 1, 2 + j - 1, 1) * depthwise.weight.values[9 + 3 * i + j];
      for (let c = 0; c < 3; c++)
        sum += at(1 + 2 * (i - 1), 2 + 2 * (j - 1), c) * conv.weight.values[c * 9 + 3 * i + j];
    }
  expect(result.conv[1 * 5 + 2]).toBeCloseTo(sum, 5);
  expect(result.depthwise[(1 * 5 + 2) * 3 + 1]).toBeCloseTo(own, 5);
});

test('gradients of a stack of layers', async () => {
  const conv = new Conv2d({ inputs: 3, outputs: 2, kernel: 3, stride: 2, seeds: seeds.child('a') });
  const dense = new Dense({ inputs: 2, outputs: 2, seeds: seeds.child('b') });
  await checkGradients(
    (ops, { x }) => ({ loss: ops.mean(ops.square(dense.forward(ops, ops.tanh(conv.forward(ops, x))))) }),
    [conv.bias!, dense.weight, dense.bias!],
    { inputs: { x } },
  );
});

test('dropout drops the given share, keeps the mean, and only in training', async () => {
  const ones = { shape: [100, 200], values: new Array(20000).fill(1) };
  const run = async (training: boolean, rate: number) =>
    (
      await evaluate((ops, { ones }) => ({ y: dropout(ops, ones, rate) }), {
        inputs: { ones },
        training,
        random: seeds.child('noise').stream(),
      })
    ).y;
  const dropped = await run(true, 0.3);
  expect(dropped.filter((y) => y === 0).length / 20000).toBeCloseTo(0.3, 1.5);
  expect(new Set(dropped.map((y) => y.toFixed(4)))).toEqual(new Set(['0.0000', (1 / 0.7).toFixed(4)]));
  expect(new Set(await run(false, 0.3))).toEqual(new Set([1]));
  expect(new Set(await run(true, 0))).toEqual(new Set([1]));
});
