import { expect, test } from 'vitest';
import { slowestFiles } from './slowest-files.ts';

test('the ten slowest files are listed, slowest first, with their share', () => {
  const files = Array.from({ length: 12 }, (_, i) => ({ file: `${i}.test.ts`, time: i === 5 ? 40_000 : 100 * i }));
  const lines = slowestFiles(files)?.split('\n') ?? [];
  expect(lines[0]).toBe('The 10 slowest of 12 test files took 100 % of the time:');
  expect(lines.slice(1).map((line) => line.trim().split(/\s+s\s+/))).toEqual([
    ['40.0', '5.test.ts'],
    ...[11, 10, 9, 8, 7, 6, 4, 3, 2].map((i) => [(i / 10).toFixed(1), `${i}.test.ts`]),
  ]);
});

test('a run of a few files lists none', () => {
  expect(slowestFiles(Array.from({ length: 10 }, (_, i) => ({ file: `${i}`, time: 1 })))).toBeUndefined();
});
