import { expect, it } from 'vitest';
import { Tape } from './gradients/tape.ts';
import { ShapeOps } from './shape-ops.ts';

const ops = new Tape(new ShapeOps(false));
const of = (...shape: number[]) => ({ shape });

it('refuses shapes that do not fit', () => {
  expect(() => ops.conv2d(of(1, 5, 5, 3), of(4, 2, 3, 3))).toThrow(
    'conv2d does not fit the shapes [1,5,5,3], [4,2,3,3]',
  );
  expect(() => ops.conv2d(of(1, 2, 5, 3), of(4, 3, 3, 3))).toThrow(/window of 3x3, dilation 1, .* map of 2x5/);
  expect(() => ops.depthwiseConv2d(of(1, 5, 5, 3), of(3, 3, 3, 3))).toThrow(/depthwiseConv2d/);
  expect(() => ops.maxPool(of(1, 2, 2, 1), { size: 3, stride: 1 })).toThrow(/window of 3x3/);
  expect(() => ops.add(of(2, 3), of(2))).toThrow(/broadcast/);
  expect(() => ops.matMul(of(2, 2, 3), of(3, 3, 2))).toThrow(/matMul/);
  expect(() => ops.reshape(of(2, 3), [5])).toThrow(/reshape/);
  expect(() => ops.concat([of(2, 3), of(3, 3)], 1)).toThrow(/concat/);
  expect(() => ops.slice(of(2, 3), [0, 1], [2, 3])).toThrow(/slice/);
  expect(() => ops.transpose(of(2, 3), [0, 0])).toThrow(/transpose/);
  expect(() => ops.sum(of(2, 3), [2])).toThrow('axis 2 is out of range');
  expect(() => ops.constant([1, 2, 3], [2])).toThrow(/needs 2 values, not 3/);
  expect(() => ops.gather(of(2, 3, 4), of(2))).toThrow(/gather/);
});
