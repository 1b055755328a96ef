import { SeedTree } from '@unseen/core';
import { expect, it } from 'vitest';
import { hostBenchmarks } from './host.ts';
import { networks } from './networks.ts';
import { kindsOf, profileBenchmark, profileRows } from './profile.ts';

const setting = { scale: 'tiny', threads: 1, folder: '', seeds: new SeedTree(1) } as const;

it('sums up operators by kind as means of one step, the slowest first', () => {
  const time = (operator: string, seconds: number, bytes: number) => ({ name: '', operator, seconds, bytes });
  const times = [
    time('Add', 1, 8),
    time('Conv', 4, 20),
    time('Add', 2, 8),
    time('Add', 2, 8),
    time('Conv', 6, 20),
    time('Add', 1, 8),
  ];
  expect(kindsOf(times, 2)).toEqual([
    { operator: 'Conv', count: 1, seconds: 5, bytes: 20 },
    { operator: 'Add', count: 2, seconds: 3, bytes: 16 },
  ]);
});

it('a training step’s graph has products of all filters’ gradients; kinds, rest and step add up', async () => {
  const train = networks.find(({ name }) => name === 'resnet50-161-train')!;
  const profile = (await profileBenchmark(train, setting))!;
  const count = (operator: string) => profile.kinds.find((kind) => kind.operator === operator)?.count ?? 0;
  // Of the tiny network: the stem, and in each of five blocks three convolutions; four of them have a shortcut's too.
  expect(count('Gemm')).toBeGreaterThanOrEqual(1 + 5 * 3 + 4);
  expect(profile.rest + profile.kinds.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(profile.seconds, 1);
  const rows = profileRows(profile, 3);
  expect(rows.map(([name]) => name)).toEqual([
    'operator',
    ...profile.kinds.slice(0, 3).map(({ operator }) => operator),
    `${profile.kinds.length - 3} other kinds`,
    'updates and the rest',
    'step',
  ]);
});

it('what is no graph has no profile', async () => {
  const confusion = hostBenchmarks.find(({ name }) => name === 'confusion-matrix')!;
  expect(await profileBenchmark(confusion, setting)).toBeUndefined();
});
