import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../../tests/helpers/temporary-folder.ts';
import { plainImage, writeFiles } from '../../small-dataset.suite.ts';
import { examineDataset } from '../examine.ts';

const YAML = `name: c
layout: coco-instances
images: {train: ., val: .}
annotations: {train: train.json, val: val.json}
background: grass
classes: [{id: 0, name: grass}, {id: 1, name: cat}, {id: 2, name: dog}]
splits: {default: {seen: [grass, cat, dog]}}
`;
const SQUARE = [0, 0, 2, 0, 2, 2, 0, 2];
const CATEGORIES = [{ id: 1, name: 'Cat' }, { id: 2, name: 'dog' }]; // biome-ignore format: a table
const annotation = (id: number, more: object = {}) => {
  return { id, image_id: 1, category_id: id, segmentation: [SQUARE.map((v) => v + id)], bbox: [id, id, 2, 2], ...more };
};
const GOOD = [annotation(1), annotation(2)];

async function findings({ val = {}, yaml = YAML }: { readonly val?: object; readonly yaml?: string } = {}) {
  const folder = temporaryFolder();
  const file = (name: string, more: object) => {
    const images = [{ id: 1, file_name: `${name}.png`, height: 9, width: 9 }];
    return JSON.stringify({ images, annotations: GOOD, categories: CATEGORIES, ...more });
  };
  await writeFiles(folder, {
    'c.yaml': yaml,
    ...{ 'train.json': file('a', {}), 'val.json': file('b', val) },
    ...{ 'a.png': plainImage(9, 9), 'b.png': plainImage(9, 9, 7) },
  });
  const { report } = await examineDataset(join(folder, 'c.yaml'), { quick: true });
  return report.findings.map(({ check, severity, count, found, examples, fix }) => {
    return { check, severity, count, text: `${found} | ${examples.join(' | ')} | ${fix}` };
  });
}

test.each<readonly [string, string, string, object, RegExp]>([
  ['boxes without an outline', 'annotation-without-outline', 'warning', { annotations: [...GOOD, annotation(3, { category_id: 1, segmentation: [] })] }, /1 annotation of val has no outline.*annotation 3 of image 1.*outline them/],
  ['broken outlines', 'broken-outline', 'warning', { annotations: [GOOD[0], annotation(2, { segmentation: [SQUARE, [1, 1]] })] }, /1 annotation of val has a polygon with fewer than three corners.*annotation 2 of image 1.*draw them again/],
  ['an object under two ids', 'repeated-annotation', 'warning', { annotations: [...GOOD, { ...GOOD[0], id: 9 }] }, /1 annotation of val repeats an earlier one.*annotations 1 and 9 of image 1/],
  ['categories without a class', 'category-without-class', 'note', { categories: [...CATEGORIES, { id: 0, name: 'animals' }, { id: 3, name: 'horse' }] }, /2 categories .* val are no classes.*animals \(0, where the dataset has grass\): 0 annotations \| horse \(3\): 0 annotations/],
  ['a file that contradicts itself', 'list-unreadable', 'error', { annotations: [GOOD[0], GOOD[0]] }, /'annotations\.1' has the id 1 of 'annotations\.0'.*remove the repeated ones/],
])('%s', async (_, check, severity, val, says) => {
  const [finding, ...more] = await findings({ val });
  expect(finding).toMatchObject({ check, severity });
  expect(finding.text).toMatch(says);
  // An unreadable subset has no pixels of the classes, which is told too.
  expect(more.filter((other) => other.severity === 'error')).toEqual([]);
}); // biome-ignore format: a table

test('an annotation whose polygons are all broken has no outline, which is told once', async () => {
  const val = { annotations: [...GOOD, annotation(3, { category_id: 1, segmentation: [[1, 1]] })] };
  expect((await findings({ val })).map(({ check }) => check)).toEqual(['annotation-without-outline']);
});

test('boxes without a mask are told of the masks alone', async () => {
  const val = { annotations: GOOD.map((one) => ({ ...one, segmentation: [] })) };
  const told = await findings({ val, yaml: `${YAML}optionalMasks: true\n` });
  expect(told.map(({ check }) => check)).not.toContain('annotation-without-outline');
  expect(told.map(({ check }) => check)).toContain('mask-missing');
});

test('nothing is said about a good file', async () => {
  expect(await findings()).toEqual([]);
});

test('classes that a map names differ between the two files', async () => {
  const yaml = `${YAML}map: {1: cat, 2: dog, 7: grass}\n`;
  const [finding] = await findings({ yaml, val: { categories: [{ id: 1, name: 'dog' }, { id: 2, name: 'cat' }] } }); // biome-ignore format: a table
  expect(finding).toMatchObject({ check: 'categories-contradict', severity: 'error' });
  expect(finding.text).toMatch(/1 is 'Cat' and 'dog'; 2 is 'dog' and 'cat'.*number the categories of one file/);
});

test('the fix for missing images is one that finds them', async () => {
  const val = { images: [{ id: 1, file_name: '..\\upload\\b.png', height: 9, width: 9 }] };
  const [finding] = await findings({ val });
  expect(finding.text).toMatch(/set lists: \{entries: paths, components: 1\}, by which 1 of these 1 are found/);
});
