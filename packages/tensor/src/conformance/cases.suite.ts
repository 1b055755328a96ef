import type { Ops } from '../ops.ts';
import type { Shape } from '../shape.ts';
import { type Case, integers, spreadValues, valuesBetween, windowCase } from './case.suite.ts';
import { networks } from './networks.suite.ts';

const unary = (name: keyof Ops<unknown> & UnaryName, inputs = [spreadValues([3, 5])]): Case => ({
  name,
  inputs,
  build: (ops, [x]) => ops[name](x),
});

type UnaryName =
  | 'neg'
  | 'exp'
  | 'square'
  | 'abs'
  | 'relu'
  | 'relu6'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'softmax'
  | 'logSoftmax'
  | 'log'
  | 'sqrt';

const binary = (name: 'add' | 'sub' | 'mul' | 'div' | 'maximum', a: Shape, b: Shape): Case => ({
  name: `${name} of [${a}] and [${b}]`,
  inputs: [spreadValues(a), spreadValues(b, 1)],
  build: (ops, [x, y]) => ops[name](x, y),
});

const elementwise: readonly Case[] = [
  unary('neg'),
  unary('exp'),
  unary('square'),
  unary('abs'),
  unary('relu'),
  unary('relu6', [valuesBetween([4, 6], -3, 9)]),
  unary('sigmoid', [valuesBetween([4, 6], -30, 30)]),
  unary('tanh', [valuesBetween([4, 6], -12, 12)]),
  unary('softplus', [valuesBetween([4, 6], -30, 30)]),
  unary('softmax', [valuesBetween([2, 3, 4], -5, 5)]),
  unary('logSoftmax', [valuesBetween([2, 3, 4], -40, 40)]),
  unary('log', [valuesBetween([3, 4], 0.1, 4)]),
  unary('sqrt', [valuesBetween([3, 4], 0.1, 4)]),
  { name: 'leakyRelu', inputs: [spreadValues([3, 5])], build: (ops, [x]) => ops.leakyRelu(x, 0.2) },
  ...(['add', 'sub', 'mul', 'div', 'maximum'] as const).flatMap((name) => [
    binary(name, [2, 3], [2, 3]),
    binary(name, [2, 3, 2, 4], [4]),
    binary(name, [3, 1], [2, 1, 5]),
    binary(name, [], [2, 3]),
    binary(name, [1, 1], [1]),
  ]),
  { name: 'mul of a value with itself', inputs: [spreadValues([4])], build: (ops, [x]) => ops.mul(x, x) },
  {
    name: 'scalars and constants',
    inputs: [spreadValues([2, 2])],
    build: (ops, [x]) => ops.add(ops.mul(x, ops.scalar(0.1)), ops.constant([1, 2], [2])),
  },
  {
    name: 'a value used three times',
    inputs: [spreadValues([2, 3])],
    build: (ops, [x]) => ops.mul(ops.add(ops.exp(x), x), ops.sigmoid(x)),
  },
];

const products: readonly Case[] = [
  ...[false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [[], [2]].map(
        (batch): Case => ({
          name: `matMul ${transposeA ? 'ᵀ' : ''}·${transposeB ? 'ᵀ' : ''} of rank ${2 + batch.length}`,
          inputs: [
            spreadValues([...batch, ...(transposeA ? [3, 2] : [2, 3])]),
            spreadValues([...batch, ...(transposeB ? [4, 3] : [3, 4])]),
          ],
          build: (ops, [a, b]) => ops.matMul(a, b, { transposeA, transposeB }),
        }),
      ),
    ),
  ),
  {
    name: 'matMul without options',
    inputs: [spreadValues([1, 3]), spreadValues([3, 1])],
    build: (ops, [a, b]) => ops.matMul(a, b),
  },
  {
    name: 'conv2d without options',
    inputs: [spreadValues([1, 4, 4, 2]), spreadValues([3, 2, 2, 3])],
    build: (ops, [x, filter]) => ops.conv2d(x, filter),
  },
];

const reductions: readonly Case[] = (
  [
    [undefined, false],
    [undefined, true],
    [[1], false],
    [[-1, 0], true],
    [[2, 0], false],
  ] as const
).flatMap(([axes, keepDims]) =>
  (['sum', 'mean'] as const).map(
    (name): Case => ({
      name: `${name} over ${axes ? `[${axes}]` : 'everything'}${keepDims ? ', axes kept' : ''}`,
      inputs: [spreadValues([2, 3, 4])],
      build: (ops, [x]) => ops[name](x, axes, keepDims),
    }),
  ),
);

const form: readonly Case[] = [
  { name: 'reshape', inputs: [spreadValues([2, 6])], build: (ops, [x]) => ops.reshape(x, [3, 1, 4]) },
  {
    name: 'reshape of a map to rows',
    inputs: [spreadValues([2, 2, 3, 2])],
    build: (ops, [x]) => ops.softmax(ops.reshape(x, [12, 2])),
  },
  { name: 'transpose', inputs: [spreadValues([2, 3, 4])], build: (ops, [x]) => ops.transpose(x, [2, 0, 1]) },
  {
    name: 'transpose of a map',
    inputs: [spreadValues([2, 2, 3, 2])],
    build: (ops, [x]) => ops.transpose(ops.relu(x), [0, 3, 1, 2]),
  },
  {
    name: 'concat of channels',
    inputs: [spreadValues([1, 2, 2, 1]), spreadValues([1, 2, 2, 3]), spreadValues([1, 2, 2, 2])],
    build: (ops, xs) => ops.concat(xs, -1),
  },
  {
    name: 'concat of images, one twice',
    inputs: [spreadValues([1, 2, 2, 2]), spreadValues([2, 2, 2, 2])],
    build: (ops, [a, b]) => ops.concat([a, b, a], 0),
  },
  {
    name: 'slice',
    inputs: [spreadValues([3, 4, 2])],
    build: (ops, [x]) => ops.slice(x, [1, 0, 1], [2, 3, -1]),
  },
  {
    name: 'slice of a map',
    inputs: [spreadValues([2, 3, 4, 3])],
    build: (ops, [x]) => ops.slice(x, [0, 1, 0, 1], [-1, 2, 3, 2]),
  },
  { name: 'pad', inputs: [spreadValues([2, 2, 3, 2])], build: (ops, [x]) => ops.pad(x, [1, 0, 2, 3]) },
  {
    name: 'gather with repeated rows',
    inputs: [spreadValues([4, 3]), integers([2, 3], [0, 3, 3, 2, 0, 3])],
    build: (ops, [table, indices]) => ops.gather(table, indices),
  },
  {
    name: 'gather of distinct rows',
    inputs: [spreadValues([4, 3]), integers([3], [3, 0, 2])],
    build: (ops, [table, indices]) => ops.gather(table, indices, { distinct: true }),
  },
  {
    name: 'oneHot with labels outside',
    inputs: [spreadValues([5, 3]), integers([5], [0, 2, 3, 255, -1])],
    build: (ops, [x, labels]) => ops.mul(ops.oneHot(labels, 3), ops.exp(x)),
  },
];

const grids: readonly Case[] = (
  [
    [4, 5, 8, 11],
    [7, 6, 3, 4],
    [1, 3, 4, 1],
    [5, 5, 5, 5],
  ] as const
).flatMap(([h, w, height, width]) => [
  ...(['halfPixel', 'alignCorners'] as const).map(
    (convention): Case => ({
      name: `resizeBilinear ${h}x${w} to ${height}x${width}, ${convention}`,
      inputs: [spreadValues([2, h, w, 2])],
      build: (ops, [x]) => ops.resizeBilinear(x, [height, width], convention),
    }),
  ),
  {
    name: `resizeNearest ${h}x${w} to ${height}x${width}`,
    inputs: [spreadValues([2, h, w, 2])],
    build: (ops, [x]) => ops.resizeNearest(x, [height, width]),
  } satisfies Case,
]);

const windows: readonly Case[] = (['conv2d', 'depthwiseConv2d', 'maxPool', 'averagePool'] as const).flatMap((kind) => [
  windowCase(kind, { map: [2, 6, 5, 3], outputs: 4, kernel: [3, 3], stride: 1, dilation: 1, padding: [1, 1, 1, 1] }),
  windowCase(kind, { map: [1, 7, 8, 2], outputs: 3, kernel: [3, 3], stride: 2, dilation: 1, padding: [0, 1, 0, 1] }),
  windowCase(kind, { map: [1, 7, 6, 2], outputs: 3, kernel: [3, 3], stride: 1, dilation: 2, padding: [2, 2, 2, 2] }),
  windowCase(kind, { map: [1, 8, 8, 1], outputs: 1, kernel: [2, 2], stride: 3, dilation: 1, padding: [0, 0, 0, 0] }),
]);

/** Every operation, with values. */
export const cases: readonly Case[] = [
  ...elementwise,
  ...products,
  ...reductions,
  ...form,
  ...grids,
  ...windows,
  ...networks,
];
