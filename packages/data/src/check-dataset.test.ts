import { expect, test } from 'vitest';
import { checkDataset, requireNoProblems } from './check-dataset.ts';
import { openDataset } from './open-dataset.ts';
import { maskOf, smallDataset } from './small-dataset.suite.ts';

test('pixels and images are counted per class and subset', async () => {
  const report = await checkDataset(await openDataset(await smallDataset()));
  expect(report.problems).toEqual([]);
  expect(report.support.find(({ name }) => name === 'cat')).toEqual({
    id: 1,
    name: 'cat',
    group: 'seen',
    train: { pixels: 7, images: 2 },
    val: { pixels: 2, images: 1 },
  });
  expect(report.support.find(({ name }) => name === 'sky')?.group).toBe('outside');
  expect(() => requireNoProblems(report, 'small')).not.toThrow();
});

test('an unseen class without a test pixel and a seen one without a training pixel are told', async () => {
  const path = await smallDataset({
    'masks/a.png': maskOf(2, 3, [1, 1, 3, 4, 0, 255]),
    'masks/c.png': maskOf(2, 3, [2, 2, 2, 2, 1, 1]),
  });
  const report = await checkDataset(await openDataset(path));
  expect(report.problems).toEqual([
    "seen class 'dog' (2) has no training pixel",
    "unseen class 'cow' (4) has no test pixel",
  ]);
  expect(() => requireNoProblems(report, 'small')).toThrow(
    /dataset small cannot be used.*'cow' \(4\) has no test pixel/s,
  );
  expect(report.missing).toEqual(report.problems);
  expect(() => requireNoProblems(report, 'small', { allowMissing: true })).not.toThrow();
});

test('every unusable mask and images in both subsets are told, the rest is counted', async () => {
  const path = await smallDataset({ 'masks/b.png': maskOf(1, 1, [1]), 'val.txt': 'c\na\n' });
  const report = await checkDataset(await openDataset(path));
  const { problems, support } = report;
  expect(() => requireNoProblems(report, 'small', { allowMissing: true })).toThrow('b.png: 1x1');
  expect(problems[0]).toMatch(/b\.png: 1x1/);
  expect(problems[1]).toBe("1 image is in both subsets; the first is 'a'");
  expect(support[0].train).toEqual({ pixels: 1, images: 1 });
});
