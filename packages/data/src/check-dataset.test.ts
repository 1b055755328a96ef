import { expect, test } from 'vitest';
import { checkDataset, missingClasses, requireNoProblems } from './check-dataset.ts';
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

test('classes that a file which cannot be read may have are not said to be missing', async () => {
  const path = await smallDataset({
    'masks/a.png': maskOf(1, 1, [1]),
    'masks/b.png': maskOf(2, 3, [3, 3, 3, 3, 3, 3]),
    'masks/c.png': maskOf(2, 3, [2, 2, 2, 2, 1, 1]),
  });
  const { problems, missing } = await checkDataset(await openDataset(path));
  expect(problems).toEqual([expect.stringContaining('a.png: 1x1'), "unseen class 'cow' (4) has no test pixel"]);
  expect(missing).toEqual(problems.slice(1));
});

test('where one class has all labelled pixels, the values of the masks are the likely reason for missing ones', () => {
  const row = (id: number, pixels: number) => {
    const some = { pixels, images: Math.min(1, pixels) };
    return { id, name: `class ${id}`, group: 'seen' as const, train: some, val: some };
  };
  const missing = ["seen class 'dog' (2) has no training pixel"];
  const message = (...pixels: readonly number[]) =>
    missingClasses({ support: pixels.map((n, id) => row(id, n)), missing, problems: missing }, 'd').message;
  expect(message(5, 0)).toMatch(/d lacks .* has no training pixel.*if 255 stands for a class, say so with 'map'/s);
  for (const pixels of [[5, 6, 0], [0]])
    expect(message(...pixels)).toMatch(/more images or another split.*allowMissing/);
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
