import { SeedTree } from '@unseen/core';
import { mmdLoss } from '@unseen/nn';
import { createEagerEngine } from '@unseen/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGradients } from '../../../nn/src/evaluate.suite.ts';
import { GraphGenerator } from './graph-generator.ts';

const seeds = new SeedTree(3);
const [count, embedding, noise, features] = [5, 3, 2, 4];
const generator = new GraphGenerator({ embedding, noise, features, hidden: 6, seeds });
const engine = await createEagerEngine('cpu');
const executable = engine.compile({
  name: 'graph',
  inputs: {
    words: { shape: [count, embedding], dtype: 'float32' },
    noise: { shape: [count, noise], dtype: 'float32' },
    propagation: { shape: [count, count], dtype: 'float32' },
  },
  describe: (ops, inputs) => ({
    outputs: { fake: generator.forward(ops, inputs.words, inputs.noise, inputs.propagation) },
  }),
});

const permuteRows = (rows: Float32Array, order: readonly number[]) => {
  const width = rows.length / count;
  return Float32Array.from(order.flatMap((from) => [...rows.subarray(from * width, (from + 1) * width)]));
};

test('renumbering the regions renumbers what is generated', async () => {
  const random = seeds.child('data').stream();
  const words = random.fillNormal(new Float32Array(count * embedding));
  const codes = random.fillNormal(new Float32Array(count * noise));
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: count, maxLength: count }),
      fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
      async (order, edges) => {
        const propagation = new Float32Array(count * count);
        let edge = 0;
        for (let a = 0; a < count; a++) {
          for (let b = a + 1; b < count; b++) {
            const value = edges[edge++] ? 1 : 0;
            propagation[a * count + b] = value;
            propagation[b * count + a] = value;
          }
        }
        const permuted = Float32Array.from({ length: count * count }, (_, i) => {
          return propagation[order[Math.floor(i / count)] * count + order[i % count]];
        });
        const plain = (await executable.run({ words, noise: codes, propagation }).read('fake')).slice();
        const renumbered = await executable
          .run({ words: permuteRows(words, order), noise: permuteRows(codes, order), propagation: permuted })
          .read('fake');
        permuteRows(plain, order).forEach((value, i) => {
          expect(renumbered[i]).toBeCloseTo(value, 4);
        });
      },
    ),
    { numRuns: 20 },
  );
});

test('a region without neighbours and self loop hears nothing: only biases are left', async () => {
  const zeros = new Float32Array(count * count);
  const random = seeds.child('other').stream();
  const fake = await executable
    .run({
      words: random.fillNormal(new Float32Array(count * embedding)),
      noise: random.fillNormal(new Float32Array(count * noise)),
      propagation: zeros,
    })
    .read('fake');
  for (const value of fake) expect(value).toBeCloseTo(0.01, 6);
});

test('has the weights of the released network', () => {
  const released = new GraphGenerator({ embedding: 300, noise: 300, seeds });
  expect(released.parameterCount()).toBe(600 * 256 + 256 + 256 * 256 + 256);
});

test('gradients of all weights, through the moments of what is generated', async () => {
  const small = new GraphGenerator({ embedding: 2, noise: 1, features: 3, hidden: 3, dropout: 0, seeds });
  const random = seeds.child('gradients').stream();
  const draw = (length: number) => [...random.fillNormal(new Float32Array(length))];
  const inputs = {
    words: { shape: [3, 2], values: draw(6) },
    noise: { shape: [3, 1], values: draw(3) },
    propagation: { shape: [3, 3], values: [0.5, 0.5, 0, 0.5, 0.3, 0.4, 0, 0.4, 0.6] },
    real: { shape: [3, 3], values: draw(9) },
    rows: { shape: [1, 3], values: [0, 1, 2], integer: true },
    mask: { shape: [1, 3], values: [1, 1, 1] },
  };
  await checkGradients(
    (ops, { words, noise: code, propagation, real, rows, mask }) => {
      const fake = small.forward(ops, words, code, propagation);
      return { loss: mmdLoss(ops, fake, real, { indices: rows, mask }, { scale: 'full' }) };
    },
    small.parameters(),
    { inputs, step: 3e-3, tolerance: 5e-3 },
  );
});
