import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IGNORE } from '@unseen/core';
import { decodeRgbPng } from '@unseen/formats';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { classProtocol } from '../classes.ts';
import { PanelChoice, PanelWriter } from './panels.ts';

const split = { seen: [10, 11], unseen: [20, 21, 22] };
const map = (...labels: number[]) => ({ id: 'a', height: 1, width: labels.length, data: Uint8Array.from(labels) });

test('unseen classes that no panel shows come first; others leave room for them', () => {
  const choice = new PanelChoice(4, split);
  const taken = [[0], [0, 1], [2, 2], [2], [IGNORE, 3], [1], [3, 4], [4], [0]].map((labels) =>
    choice.takes(map(...labels)),
  );
  expect(taken).toEqual([true, false, true, false, true, false, true, false, false]);
});

test('as many as asked for, where there is no unseen class', () => {
  const choice = new PanelChoice(2, { seen: [1], unseen: [] });
  expect([0, 0, 0].map((label) => choice.takes(map(label)))).toEqual([true, true, false]);
});

test('a prediction is shown as it is, pale where the truth is unlabelled; the next evaluation begins without it', async () => {
  const dir = temporaryFolder();
  const classes = [10, 11, 20, 21, 22].map((id) => ({ id, name: `c${id}`, color: [200, 0, id] as const }));
  const writer = new PanelWriter((...parts) => join(dir, ...parts), classProtocol(split, classes));
  const photo = { height: 1, width: 2, data: new Uint8Array(6) };
  await writer.write({ id: 'a', truth: map(0, IGNORE), image: async () => photo }, { method: map(2, 2) });
  await writeFile(join(dir, 'panels/mine.png'), '');
  const read = async (kind: string) => [...decodeRgbPng(await readFile(join(dir, `panels/a.${kind}.png`)), kind).data];
  expect(await read('truth')).toEqual([200, 0, 10, 0, 0, 0]);
  expect(await read('method')).toEqual([200, 0, 20, 239, 179, 185]);
  await writer.clear();
  expect(await readdir(join(dir, 'panels'))).toEqual(['mine.png']);
});
