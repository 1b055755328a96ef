import { type Case, integers, spreadValues, valuesBetween } from './case.suite.ts';

/** Compositions as networks and losses use them. */
export const networks: readonly Case[] = [
  {
    name: 'a convolution with a frozen affine, a shortcut and ReLU',
    inputs: [
      spreadValues([2, 5, 4, 3]),
      spreadValues([3, 3, 3, 3]),
      valuesBetween([3], 0.5, 1.5),
      valuesBetween([3], -0.4, 0.6),
    ],
    build: (ops, [x, filter, scale, shift]) => {
      const y = ops.conv2d(x, filter, { padding: [2, 2, 2, 2], dilation: 2 });
      return ops.relu(ops.add(ops.add(ops.mul(y, scale), shift), x));
    },
  },
  {
    name: 'attention over scales: weights of one channel each, multiplied and summed',
    inputs: [spreadValues([1, 3, 3, 4]), spreadValues([1, 3, 3, 4], 3), spreadValues([2, 8, 1, 1])],
    build: (ops, [a, b, selector]) => {
      const weights = ops.softmax(ops.conv2d(ops.concat([a, b], 3), selector));
      const [first, second] = [0, 1].map((i) => ops.slice(weights, [0, 0, 0, i], [-1, -1, -1, 1]));
      return ops.add(ops.mul(a, first), ops.mul(b, second));
    },
  },
  {
    name: 'cross-entropy with ignored labels',
    inputs: [spreadValues([1, 2, 3, 4]), integers([1, 2, 3], [0, 3, 255, 1, 1, 255])],
    build: (ops, [logits, labels]) => {
      const hot = ops.oneHot(labels, 4);
      const count = ops.maximum(ops.sum(hot), ops.scalar(1));
      return ops.neg(ops.div(ops.sum(ops.mul(hot, ops.logSoftmax(logits))), count));
    },
  },
  {
    name: 'batch normalisation over rows and positions',
    inputs: [spreadValues([2, 2, 3, 3]), valuesBetween([3], 0.5, 1.5)],
    build: (ops, [x, scale]) => {
      const centred = ops.sub(x, ops.mean(x, [0, 1, 2], true));
      const variance = ops.mean(ops.square(centred), [0, 1, 2], true);
      return ops.mul(ops.div(centred, ops.sqrt(ops.add(variance, ops.scalar(1e-3)))), scale);
    },
  },
  {
    name: 'global pooling, resized back and concatenated',
    inputs: [spreadValues([2, 3, 4, 2])],
    build: (ops, [x]) => {
      const pooled = ops.reshape(ops.mean(x, [1, 2]), [2, 1, 1, 2]);
      return ops.concat([x, ops.resizeBilinear(ops.tanh(pooled), [3, 4])], 3);
    },
  },
  {
    name: 'a gradient used in a value (gradient penalty)',
    inputs: [spreadValues([2, 3]), spreadValues([4, 3]), spreadValues([1, 4])],
    build: (ops, [x, first, second]) => {
      const hidden = ops.sigmoid(ops.matMul(x, first, { transposeB: true }));
      const score = ops.matMul(hidden, second, { transposeB: true });
      const [slope] = ops.gradients(score, [x]);
      const norms = ops.sqrt(ops.sum(ops.square(slope), [1]));
      return ops.add(ops.mean(ops.square(ops.sub(norms, ops.scalar(1)))), ops.mean(score));
    },
  },
];
