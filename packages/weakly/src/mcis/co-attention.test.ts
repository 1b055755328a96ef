import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { normalValues, run } from '../run.suite.ts';
import { CoAttention } from './co-attention.ts';

const CHANNELS = 6;
const build = () => new CoAttention({ channels: CHANNELS, seeds: new SeedTree(0) });
const left = normalValues('left', [2, 3, 4, CHANNELS]);
const right = normalValues('right', [2, 5, 2, CHANNELS]);

const attend = (network: CoAttention, inputs: { left: typeof left; right: typeof right }) =>
  run((ops, { left, right }) => {
    const found = network.forward(ops, left, right);
    const named = (side: 'left' | 'right') =>
      Object.entries(found[side]).map(([name, value]) => [`${side} ${name}`, value] as const);
    return { outputs: Object.fromEntries([...named('left'), ...named('right')]) };
  }, inputs);

test('what each position takes from the other image adds up to 1', async () => {
  const { outputs, shapes } = await attend(build(), { left, right });
  expect([shapes['left attention'], shapes['right attention']]).toEqual([
    [2, 12, 10],
    [2, 10, 12],
  ]);
  for (const [name, length] of [
    ['left attention', 10],
    ['right attention', 12],
  ] as const) {
    const weights = outputs[name];
    for (let at = 0; at < weights.length; at += length) {
      expect(weights.subarray(at, at + length).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
  }
});

test('with the images exchanged and W transposed, results are exchanged', async () => {
  const network = build();
  const { outputs } = await attend(network, { left, right });
  const { values } = network.relation.weight;
  const [rows, columns] = [CHANNELS, CHANNELS];
  network.relation.weight.assign(values.map((_, i) => values[(i % columns) * rows + Math.floor(i / columns)]));
  const exchanged = (await attend(network, { left: right, right: left })).outputs;
  for (const part of ['attention', 'common', 'gate', 'exclusive']) {
    for (const [own, other] of [
      ['left', 'right'],
      ['right', 'left'],
    ]) {
      outputs[`${own} ${part}`].forEach((value, i) => {
        expect(exchanged[`${other} ${part}`][i]).toBeCloseTo(value, 4);
      });
    }
  }
});

test('an image and itself have everything in common where W is large: features of length 1 find themselves', async () => {
  const network = build();
  network.relation.weight.assign(network.relation.weight.values.map((_, i) => (i % (CHANNELS + 1) === 0 ? 500 : 0)));
  const values = left.values.map((_, i) => {
    const start = i - (i % CHANNELS);
    return left.values[i] / Math.hypot(...left.values.subarray(start, start + CHANNELS));
  });
  const own = { ...left, values };
  const { outputs } = await attend(network, { left: own, right: own });
  values.forEach((value, i) => {
    expect(outputs['left common'][i]).toBeCloseTo(value, 3);
    const gate = outputs['left gate'][Math.floor(i / CHANNELS)];
    expect(outputs['left exclusive'][i]).toBeCloseTo(value * (1 - gate), 5);
  });
});
