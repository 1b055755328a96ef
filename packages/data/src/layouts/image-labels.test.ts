import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openDataset } from '../open-dataset.ts';
import { readDatasetFile } from '../read-dataset-file.ts';
import { maskOf, plainImage, SMALL_YAML, writeFiles } from '../small-dataset.suite.ts';
import { listSubset } from './layouts.ts';
import { readVocObjects } from './voc-xml.ts';

const object = (name: string, more = '') =>
  `<object><name>${name}</name>${more}<part><name>head</name></part></object>`;
const annotation = (...objects: readonly string[]) =>
  `<annotation><filename>a.jpg</filename><!-- --><size><width>2</width></size>${objects.join('\n')}</annotation>`;

async function vocDataset(
  labels: string,
  xml = annotation(object('cat'), object('cow'), object('cat')),
): Promise<string> {
  const folder = temporaryFolder();
  await writeFiles(folder, {
    'v.yaml': SMALL_YAML.replace(/layout: folder\nsubsets.*/, `layout: voc\nimageLabels: ${labels}`),
    'ImageSets/Segmentation/train.txt': 'a',
    'ImageSets/Segmentation/val.txt': 'b',
    'JPEGImages/a.png': plainImage(1, 3),
    'JPEGImages/b.png': plainImage(1, 3),
    'SegmentationClass/a.png': maskOf(1, 3, [3, 255, 0]),
    'SegmentationClass/b.png': maskOf(1, 3, [2, 1, 1]),
    'Annotations/a.xml': xml,
    'Annotations/b.xml': annotation(),
  });
  return join(folder, 'v.yaml');
}

const labelsOf = async (path: string) => {
  const { train, val } = await openDataset(path);
  return [train[0].imageLabels, val[0].imageLabels];
};

test('from XML: objects, not their parts; difficult ones by choice; other names', async () => {
  expect(await labelsOf(await vocDataset('xml'))).toEqual([[1, 4], []]);
  const difficult = annotation(
    object('cat', '<difficult> 1 </difficult>'),
    object('hound', '<difficult>0</difficult>'),
  );
  const named = 'names: {hound: dog}';
  expect(await labelsOf(await vocDataset(`{from: xml, ${named}}`, difficult))).toEqual([[1, 2], []]);
  expect(await labelsOf(await vocDataset(`{from: xml, difficult: false, ${named}}`, difficult))).toEqual([[2], []]);
  expect(await labelsOf(await vocDataset('{from: xml, names: {hound: null}}', difficult))).toEqual([[1], []]);
  await expect(labelsOf(await vocDataset('xml', difficult))).rejects.toThrow(
    /a\.xml has an object 'hound', which is not a class.*names: \{hound: CLASS\}/,
  );
});

test('from XML that is none, or not there', async () => {
  await expect(labelsOf(await vocDataset('xml', '<annotation>'))).rejects.toThrow(/a\.xml cannot be read as XML/);
  await expect(labelsOf(await vocDataset('xml', '<a/>'))).rejects.toThrow('has no <annotation>');
  const nameless = '<annotation><object/></annotation>';
  await expect(labelsOf(await vocDataset('xml', nameless))).rejects.toThrow('has an <object> without <name>');
  const path = await vocDataset('xml');
  await rm(join(dirname(path), 'Annotations/b.xml'));
  await expect(labelsOf(path)).rejects.toThrow(/b\.xml does not exist/);
  const { entries } = await listSubset(await readDatasetFile(path), 'val');
  await expect(entries[0].imageLabels?.()).rejects.toThrow(/b\.xml does not exist/);
});

test('from JSON: an image that is there twice, and what is no list', async () => {
  const path = await vocDataset('labels.json');
  const write = (text: string) => writeFile(join(dirname(path), 'labels.json'), text);
  await write('{"a": ["cat", 2], "c": []}');
  expect(await labelsOf(path)).toEqual([[1, 2], undefined]);
  await write('{"a": ["cat"], "b": [], "a": []}');
  await expect(labelsOf(path)).rejects.toThrow(/labels\.json is not a valid JSON object \(it has 'a' twice\)/);
  await write('{"a": "cat"}');
  await expect(labelsOf(path)).rejects.toThrow(/labels\.json: 'a' is not a list/);
});

test('from masks, some classes left out', async () => {
  expect(await labelsOf(await vocDataset('masks'))).toEqual([[3], [1, 2]]);
  expect(await labelsOf(await vocDataset('{from: masks, except: [cat, 3]}'))).toEqual([[], [2]]);
  await expect(labelsOf(await vocDataset('{from: masks, except: [cats]}'))).rejects.toThrow("'cats' is not a class");
});

test('damaged XML is refused and does no harm', async () => {
  const whole = `<?xml version="1.0"?>\n${annotation(object('cat', '<difficult>1</difficult>'), object('dog'))}`;
  const path = join(temporaryFolder(), 'a.xml');
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length),
      fc.nat(6),
      fc.constantFrom('', '<', '>', '&x;', '<!DOCTYPE a [<!ENTITY b "bb">]>', '\0', '<object>'),
      async (at, length, text) => {
        await writeFile(path, whole.slice(0, at) + text + whole.slice(at + length));
        try {
          expect((await readVocObjects(path)).every(({ name }) => typeof name === 'string')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      },
    ),
    { numRuns: 200 },
  );
});
