import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { Dense } from '../layers/dense.ts';
import { saveCheckpoint } from './checkpoint.ts';
import { loadGrownWeights } from './grown-weights.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const dense = (inputs: number, outputs: number, seed: number) =>
  new Dense({ inputs, outputs, seeds: new SeedTree(seed) });
const rows = ({ weight: { values } }: Dense, from: number, to: number) => [...values.subarray(2 * from, 2 * to)];

test('new outputs keep their own weights, those behind them move back', async () => {
  const path = join(folder, 'weights.safetensors');
  const [learnt, hidden] = [dense(2, 4, 0), dense(3, 2, 1)];
  await saveCheckpoint(path, { modules: { head: learnt, hidden } });
  const [head, other] = [dense(2, 6, 2), dense(3, 2, 3)];
  const fresh = rows(head, 3, 5);
  await loadGrownWeights(path, { head, hidden: other }, { at: 3, count: 2 });
  expect(rows(head, 0, 3)).toEqual(rows(learnt, 0, 3));
  expect(rows(head, 3, 5)).toEqual(fresh);
  expect(rows(head, 5, 6)).toEqual(rows(learnt, 3, 4));
  expect(other.weight.values).toEqual(hidden.weight.values);
});

test('weights that differ in another way are refused, and nothing is changed', async () => {
  const path = join(folder, 'weights.safetensors');
  await saveCheckpoint(path, { modules: { head: dense(2, 4, 0) } });
  const [head, extra] = [dense(2, 7, 2), dense(1, 1, 3)];
  const before = head.weight.values.slice();
  const loading = loadGrownWeights(path, { head, extra }, { at: 4, count: 2 });
  await expect(loading).rejects.toThrow(
    'missing: extra.weight, extra.bias; misshapen: head.weight is [4,2] instead of [7,2]',
  );
  expect(head.weight.values).toEqual(before);
});
