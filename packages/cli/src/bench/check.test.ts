import { join } from 'node:path';
import { writeSafetensors } from '@unseen/formats';
import { beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { compareTensors } from './check.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

async function compared(ours: Readonly<Record<string, number[]>>, theirs: typeof ours) {
  const paths = [join(dir, 'a'), join(dir, 'b')];
  for (const [i, tensors] of [ours, theirs].entries()) {
    const stored = Object.entries(tensors).map(([name, values]) => {
      return [name, { shape: [values.length], values: Float32Array.from(values) }] as const;
    });
    await writeSafetensors(paths[i], stored);
  }
  return compareTensors(paths[0], paths[1]);
}

it('names the tensor that differs most, relative to its largest value', async () => {
  const found = await compared({ a: [100, 1], b: [2, 0] }, { a: [100, 2], b: [2, 0.5] });
  expect(found).toEqual({ tensors: 2, worst: 'b', error: 0.25 });
});

it('takes NaN for the worst', async () => {
  const found = await compared({ a: [1, 1], b: [1] }, { a: [1, Number.NaN], b: [5] });
  expect(found).toMatchObject({ worst: 'a', error: Number.POSITIVE_INFINITY });
});

it('refuses different sets of tensors and different shapes', async () => {
  await expect(compared({ a: [1] }, { a: [1], b: [2] })).rejects.toThrow('only one side has b');
  await expect(compared({ a: [1] }, { a: [1, 2] })).rejects.toThrow('shapes [1] and [2]');
});
