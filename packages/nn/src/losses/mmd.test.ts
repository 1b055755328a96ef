import { SeedTree } from '@unseen/core';
import { Parameter } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { contentLoss } from './content.ts';
import { groupPixels } from './group-pixels.ts';
import { MMD_BANDWIDTHS, type MmdOptions, mmdLoss } from './mmd.ts';

const CHANNELS = 5;
const labels = [0, 0, 1, 255, 1, 1, 0, 2];
const random = new SeedTree(7).stream();
const rows = () => new Parameter([labels.length, CHANNELS], { values: random.fillNormal(new Float32Array(40)) });
const [fake, real] = [rows(), rows()];

/** The definition, in double precision: mean kernels of each side and between the sides. */
function reference(fakeRows: number[][], realRows: number[][], scale: number): number {
  const kernel = (a: number[], b: number[]) => {
    const distance = a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
    return MMD_BANDWIDTHS.reduce((sum, width) => sum + Math.exp(-distance / (2 * width)), 0);
  };
  const mean = (xs: number[][], ys: number[][]) =>
    xs.flatMap((x) => ys.map((y) => kernel(x, y))).reduce((a, b) => a + b) / (xs.length * ys.length);
  return scale * (mean(fakeRows, fakeRows) + mean(realRows, realRows) - 2 * mean(fakeRows, realRows));
}

const row = ({ values }: Parameter, i: number) => [...values.slice(i * CHANNELS, (i + 1) * CHANNELS)];

async function loss(a: Parameter, b: Parameter, by: 'class' | 'run', options: MmdOptions = {}, pad = 0) {
  const groups = groupPixels(labels, { by, classes: 3, maxGroups: 5 + pad, maxSamples: 3 + pad });
  const shape = [groups.groups, groups.samples];
  const inputs = {
    indices: { shape, values: [...groups.indices], integer: true },
    mask: { shape, values: [...groups.mask] },
  };
  const { value } = await evaluate(
    (ops, given) => ({
      value: mmdLoss(ops, ops.parameter(a), ops.parameter(b), given as { indices: never; mask: never }, options),
    }),
    { inputs },
  );
  return value[0];
}

const classes = [[0, 1, 6], [2, 4, 5], [7]];
const runs = [[0, 1], [2, 4, 5], [6], [7]];
const expected = (groups: number[][], scale: number, map: (x: number) => number) =>
  groups
    .map((group) =>
      map(
        reference(
          group.map((i) => row(fake, i)),
          group.map((i) => row(real, i)),
          scale,
        ),
      ),
    )
    .reduce((a, b) => a + b) / groups.length;

test('equals the definition per class and per run, with and without root and half', async () => {
  expect(await loss(fake, real, 'class')).toBeCloseTo(expected(classes, 0.5, Math.sqrt), 5);
  expect(await loss(fake, real, 'run')).toBeCloseTo(expected(runs, 0.5, Math.sqrt), 5);
  expect(await loss(fake, real, 'run', { scale: 'full' })).toBeCloseTo(expected(runs, 1, Math.sqrt), 5);
  expect(await loss(fake, real, 'class', { root: false })).toBeCloseTo(
    expected(classes, 0.5, (x) => x),
    5,
  );
});

test('empty groups and empty places in a group change nothing', async () => {
  expect(await loss(fake, real, 'class', {}, 4)).toBeCloseTo(await loss(fake, real, 'class'), 6);
});

test('the same rows on both sides give 0, also far from the origin', async () => {
  const far = new Parameter(fake.shape, { values: fake.values.map((x) => x + 100) });
  expect(await loss(fake, fake, 'class')).toBeLessThan(2e-3);
  expect(await loss(far, far, 'class')).toBeLessThan(2e-3);
});

test('distances do not depend on the origin', async () => {
  const shift = (p: Parameter) => new Parameter(p.shape, { values: p.values.map((x) => x + 8) });
  expect(await loss(shift(fake), shift(real), 'class')).toBeCloseTo(await loss(fake, real, 'class'), 4);
});

test('gradient reaches the generated rows and not the real ones', async () => {
  const groups = groupPixels(labels, { by: 'class', classes: 3, maxGroups: 4 });
  const shape = [groups.groups, groups.samples];
  const inputs = {
    indices: { shape, values: [...groups.indices], integer: true },
    mask: { shape, values: [...groups.mask] },
  };
  await checkGradients(
    (ops, { indices, mask }) => ({
      loss: contentLoss(ops, 'mmd', ops.parameter(fake), ops.parameter(real), { groups: { indices, mask } }),
    }),
    [fake],
    { inputs },
  );
  const { toReal } = await evaluate(
    (ops, { indices, mask }) => {
      const [a, b] = [ops.parameter(fake), ops.parameter(real)];
      const value = contentLoss(ops, 'mmd', a, b, { groups: { indices, mask } });
      return { toReal: ops.gradients(ops.add(value, ops.mul(ops.sum(b), ops.scalar(0))), [b])[0] };
    },
    { inputs },
  );
  expect(toReal.every((x) => x === 0)).toBe(true);
});
