import { expect, test } from 'vitest';
import type { DatasetFacts, EntryFacts } from '../facts.ts';
import { checkFiles } from './files.ts';

function found(entries: readonly Partial<EntryFacts>[], advice?: string) {
  const train = { subset: 'train', entries: entries.map((entry) => ({ id: 'a', subset: 'train', ...entry })), advice };
  const val = { subset: 'val', entries: [] };
  return checkFiles({ train, val } as unknown as DatasetFacts).map(({ check, fix }) => `${check}: ${fix}`);
}

test('images of other types are to be saved anew, and names in the wrong type to be corrected', () => {
  expect(found([{ maskPath: 'a.png', otherImage: 'a.bmp' }])).toEqual([
    expect.stringMatching(/^image-missing: save the images as PNG: .* a\.bmp$/),
  ]);
  expect(found([{ maskPath: 'a.png', otherImage: 'a.PNG' }])).toEqual([
    expect.stringMatching(/^image-missing: correct the file names in the annotation file: .* a\.PNG$/),
  ]);
});

test('where the list is wrong, it is not told of the masks again', () => {
  const entries = [{}, { id: 'b', imagePath: 'b.png' }];
  expect(found(entries)).toHaveLength(2);
  expect(found(entries.slice(0, 1), 'change the list')).toEqual(['image-missing: change the list']);
  expect(found(entries, 'change the list')).toEqual([
    'image-missing: change the list',
    expect.stringMatching(/^mask-missing: add/),
  ]);
});
