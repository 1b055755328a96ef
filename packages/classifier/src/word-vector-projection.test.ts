import { SeedTree, UserError } from '@unseen/core';
import { createEagerEngine, type Ops, type Parameter, type Program } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { type ProjectionOptions, WordVectorProjection } from './word-vector-projection.ts';

const [features, dimension, classes, rows] = [5, 3, 4, 6];
const random = new SeedTree(2).child('data').stream();
const vectors = Array.from({ length: classes }, () => random.fillNormal(new Float32Array(dimension)));
const x = random.fillNormal(new Float32Array(rows * features));

const headOf = (projection: ProjectionOptions) =>
  new WordVectorProjection({ features, vectors, projection, seeds: new SeedTree(1) });

async function run(describe: Program['describe']) {
  const engine = await createEagerEngine('cpu');
  const inputs = { x: { shape: [rows, features], dtype: 'float32' as const } };
  return engine.compile({ name: 'head', inputs, describe }).run({ x });
}

/** Rows times a matrix [outputs, inputs], plus a bias. */
function affine(input: readonly number[][], weight: ArrayLike<number>, bias: ArrayLike<number>): number[][] {
  return input.map((row) =>
    Array.from(bias, (b, o) => row.reduce((sum, value, i) => sum + value * weight[o * row.length + i], b)),
  );
}

const rowsOf = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);

test.each([
  ['linear', { dropout: 0 }],
  ['two hidden layers', { hidden: [7, 4], dropout: 0 }],
])('logits are inner products of projected features with the class vectors (%s)', async (_, projection) => {
  const head = headOf(projection);
  let expected = rowsOf(x, features);
  head.layers.forEach(({ weight, bias }, i) => {
    const input = i === 0 ? expected : expected.map((row) => row.map((value) => Math.max(0, value)));
    expected = affine(input, weight.values, bias!.values);
  });
  const products = expected.map((row) => vectors.map((vector) => row.reduce((sum, f, i) => sum + f * vector[i], 0)));
  const result = await run((ops, inputs) => ({
    outputs: { all: head.forward(ops, inputs.x), first: head.forward(ops, inputs.x, 2) },
  }));
  (await result.read('all')).forEach((logit, i) => {
    expect(logit).toBeCloseTo(products[Math.floor(i / classes)][i % classes], 4);
  });
  (await result.read('first')).forEach((logit, i) => {
    expect(logit).toBeCloseTo(products[Math.floor(i / 2)][i % 2], 4);
  });
});

test('class vectors are stored with the weights, but never trained', () => {
  const head = headOf({ hidden: [7] });
  expect([...head.namedParameters().keys()]).toContain('vectors');
  expect(head.parameters()).not.toContain(head.vectors);
  expect(head.parameterCount()).toBe(features * 7 + 7 + 7 * dimension + dimension);
});

test('gradients agree with differences of the loss', async () => {
  const head = headOf({ hidden: [7], dropout: 0 });
  const loss = <V>(ops: Ops<V>, input: V) => ops.mean(ops.square(ops.tanh(head.forward(ops, input, 3))));
  const value = async () => (await run((ops, inputs) => ({ outputs: { loss: loss(ops, inputs.x) } }))).scalar('loss');
  const result = await run((ops, inputs) => ({
    outputs: {},
    losses: { loss: { value: loss(ops, inputs.x), parameters: head.parameters() } },
  }));
  const gradients = result.gradients.loss as ReadonlyMap<Parameter, { data(): Promise<Float32Array> }>;
  for (const [parameter, tensor] of gradients) {
    const gradient = await tensor.data();
    for (let i = 0; i < gradient.length; i += 5) {
      const [original, step] = [parameter.values[i], 1e-3];
      parameter.values[i] = original + step;
      const above = await value();
      parameter.values[i] = original - step;
      const below = await value();
      parameter.values[i] = original;
      expect(gradient[i]).toBeCloseTo((above - below) / (2 * step), 3);
    }
  }
  expect(gradients.size).toBe(4);
});

test('without a projection features must be in the space of the class vectors', async () => {
  const options = { vectors, projection: null, seeds: new SeedTree(0) };
  expect(() => new WordVectorProjection({ ...options, features })).toThrow(UserError);
  expect(new WordVectorProjection({ ...options, features: dimension }).parameters()).toEqual([]);
});
