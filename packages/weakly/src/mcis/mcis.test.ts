import { createBackbone } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { mirror } from '../mirror.ts';
import { expectSameAfterLoading, expectUseful, normalValues, run } from '../run.suite.ts';
import { mcisLosses, pairLosses } from './objective.ts';
import { PairNetwork } from './pair-network.ts';

const CLASSES = 3;
const small = (seeds: SeedTree, sharedHead = false) =>
  new PairNetwork({
    encoder: createBackbone('test_vgg.micro', { seeds }),
    depth: 1,
    classes: CLASSES,
    sharedHead,
    seeds,
  });

const labels = (values: number[]) => ({ shape: [values.length / CLASSES, CLASSES], values: Float32Array.from(values) });
const images = { left: normalValues('left', [2, 37, 43, 3]), right: normalValues('right', [2, 29, 35, 3]) };

test('22,077,268 weights with VGG-16 and 20 classes, 22,067,028 where the head is shared', () => {
  const sizes = [false, true].map((sharedHead) =>
    new PairNetwork({ classes: 20, sharedHead, init: constant(0), seeds: new SeedTree(0) }).parameterCount(),
  );
  expect(sizes).toEqual([22_077_268, 22_077_268 - 10_240]);
});

test('the encoder at rates 1 and 2, what is new at 10 and 20, and everything in one group', () => {
  const network = small(new SeedTree(0));
  const groups = network.parameterGroups(5e-4);
  expect(groups.map(({ rateMultiplier, weightDecay }) => [rateMultiplier, weightDecay])).toEqual([
    [1, 5e-4],
    [2, 5e-4],
    [10, 5e-4],
    [20, 5e-4],
  ]);
  const names = new Map([...network.namedParameters()].map(([name, parameter]) => [parameter, name]));
  const inGroups = groups.map(({ parameters }) => parameters.map((parameter) => names.get(parameter)));
  expect(inGroups.flat()).toHaveLength(names.size);
  expect(inGroups[3]).toEqual(['convolutions.0.bias', 'classifier.bias']);
  expect(inGroups[2]).toContain('attention.relation.weight');
  expect(inGroups[1].every((name) => name?.startsWith('encoder.') && name.endsWith('.bias'))).toBe(true);
});

test('maps of images of different, odd sizes; the same after saving and loading', async () => {
  const compute = async (network: PairNetwork) => {
    const { outputs, shapes } = await run((ops, { left, right }) => {
      const maps = network.forward(ops, left, right);
      return { outputs: { basic: maps.left.basic, co: maps.right.co, contrast: maps.left.contrast } };
    }, images);
    expect(shapes).toEqual({ basic: [2, 4, 5, CLASSES], co: [2, 3, 4, CLASSES], contrast: [2, 4, 5, CLASSES] });
    return outputs;
  };
  await expectSameAfterLoading((seeds) => small(seeds), compute);
});

test('one head for all: without anything in common, the contrast is what the image is by itself', async () => {
  const network = small(new SeedTree(0), true);
  expect(network.coClassifier).toBeUndefined();
  // A gate of ½ everywhere.
  network.attention.gate.weight.assign(network.attention.gate.weight.values.map(() => 0));
  network.classifier.bias!.assign(Float32Array.of(0.5, -1, 2));
  const { outputs } = await run((ops, { left, right }) => {
    const maps = network.forward(ops, left, right).left;
    return { outputs: { basic: maps.basic, contrast: maps.contrast } };
  }, images);
  outputs.contrast.forEach((value, i) => {
    const bias = [0.5, -1, 2][i % CLASSES];
    expect(value - bias).toBeCloseTo((outputs.basic[i] - bias) / 2, 5);
  });
});

/** Losses of maps that are the same everywhere. */
async function lossesOf(logit: number, leftLabels: number[], rightLabels: number[]) {
  const given = { left: labels(leftLabels), right: labels(rightLabels) };
  const map = {
    shape: [given.left.shape[0], 2, 2, CLASSES],
    values: new Float32Array(4 * leftLabels.length).fill(logit),
  };
  const { outputs } = await run(
    (ops, { map, left, right }) => {
      const maps = { attention: map, common: map, gate: map, exclusive: map, basic: map, co: map, contrast: map };
      return { outputs: { ...pairLosses(ops, { left: maps, right: maps }, { left, right }) } };
    },
    { ...given, map },
  );
  return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, values[0]]));
}

test('losses: all labels, the common ones, and those that only one image has', async () => {
  const [yes, no] = [Math.log1p(Math.exp(-1)), Math.log1p(Math.exp(1))];
  const losses = await lossesOf(1, [1, 1, 0, 1, 0, 0], [1, 0, 1, 1, 0, 0]);
  expect(losses.basic).toBeCloseTo((6 * yes + 6 * no) / 12, 5);
  expect(losses.co).toBeCloseTo((4 * yes + 8 * no) / 12, 5);
  expect(losses.contrastLeft).toBeCloseTo((yes + 5 * no) / 6, 5);
  expect(losses.contrastRight).toBeCloseTo((yes + 5 * no) / 6, 5);
});

test('no contrast where no image has a label of its own', async () => {
  const losses = await lossesOf(0, [1, 0, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1]);
  expect(losses.contrastLeft).toBe(0);
  expect(losses.contrastRight).toBeCloseTo(Math.LN2, 5);
});

test('a training step: losses by name, and a useful gradient for every weight', async () => {
  const network = small(new SeedTree(0));
  const given = { left: labels([1, 1, 0, 0, 1, 1]), right: labels([1, 0, 0, 0, 1, 0]) };
  const step = (contrast: boolean) =>
    run(
      (ops, { left, right, leftLabels, rightLabels }) => {
        const pairs = { left, right, views: { flip: mirror(ops, left), large: ops.resizeBilinear(left, [50, 60]) } };
        const about = { labels: { left: leftLabels, right: rightLabels }, contrast };
        const losses = mcisLosses(ops, network, pairs, about);
        const value = Object.values(losses).reduce((a, b) => ops.add(a, b));
        return { outputs: losses, losses: { total: { value, parameters: network.parameters() } } };
      },
      { ...images, leftLabels: given.left, rightLabels: given.right },
      true,
    );
  const { outputs, gradients } = await step(true);
  const names = ['basic', 'co', 'contrastLeft', 'contrastRight', 'basic.flip', 'co.flip', 'basic.large', 'co.large'];
  expect(Object.keys(outputs)).toEqual([...names, 'total']);
  expectUseful(gradients.total, network.parameters());
  const without = await step(false);
  expect(Object.keys(without.outputs)).toEqual([...names.filter((name) => !name.startsWith('contrast')), 'total']);
  expect(without.outputs['basic.flip']).toEqual(outputs['basic.flip']);
});
