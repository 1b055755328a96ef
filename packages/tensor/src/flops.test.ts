import { expect, it } from 'vitest';
import { countActivations } from './activations.ts';
import { countFlops } from './flops.ts';
import { Parameter } from './parameter.ts';
import type { Program } from './program.ts';

it('counts products of the forward pass, and of the gradients that are wanted', () => {
  const [filter, depthwise, dense] = [new Parameter([8, 3, 5, 5]), new Parameter([8, 1, 3, 3]), new Parameter([4, 8])];
  const program = (trained: readonly Parameter[]): Program => ({
    name: 'counted',
    inputs: { x: { shape: [2, 10, 9, 3], dtype: 'float32' } },
    describe: (ops, { x }) => {
      const map = ops.relu(ops.conv2d(x, ops.parameter(filter)));
      const rows = ops.reshape(ops.depthwiseConv2d(map, ops.parameter(depthwise)), [2 * 4 * 3, 8]);
      const loss = ops.sum(ops.matMul(rows, ops.parameter(dense), { transposeB: true }));
      return { outputs: {}, losses: { loss: { value: loss, parameters: trained } } };
    },
  });
  const convolution = 2 * (2 * 6 * 5 * 8) * (3 * 5 * 5);
  const perChannel = 2 * (2 * 4 * 3 * 8) * 9;
  const product = 2 * 24 * 4 * 8;
  expect(countFlops(program([]))).toBe(convolution + perChannel + product);
  // The image needs no gradient.
  expect(countFlops(program([filter, depthwise, dense]))).toBe(2 * convolution + 3 * perChannel + 3 * product);
  expect(countFlops(program([dense]))).toBe(convolution + perChannel + 2 * product);
});

it('counts the bytes of what the forward pass makes, neither weights nor other views of it', () => {
  const dense = new Parameter([4, 8]);
  const program: Program = {
    name: 'kept',
    inputs: { x: { shape: [2, 3, 8], dtype: 'float32' } },
    describe: (ops, { x }) => {
      const y = ops.matMul(ops.reshape(ops.relu(x), [6, 8]), ops.parameter(dense), { transposeB: true });
      return { outputs: {}, losses: { loss: { value: ops.sum(y), parameters: [dense] } } };
    },
  };
  expect(countActivations(program)).toBe(4 * (2 * 3 * 8 + 6 * 4 + 1));
});
