import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import type { ContactSheet, SheetPicture } from './contact-sheet.ts';
import { writeContactSheet } from './contact-sheet.ts';

const none = { pixels: 0, images: 0 };
const SHEET: ContactSheet = {
  dataset: 'pets <2>',
  split: { name: 'default', source: 'CaGNet' },
  quick: false,
  subsets: { train: { images: 3, masks: 2 }, val: { images: 1, masks: 1 } },
  findings: [
    {
      ...{ check: 'unknown-value', severity: 'error', found: '1 value is unknown', count: 3 },
      ...{ examples: ['a <b>.png'], why: 'it may hide a wrong table', fix: 'correct it' },
    },
  ],
  errors: 1,
  warnings: 0,
  notes: 0,
  values: [
    { value: 1, meaning: 'class', name: 'cat', group: 'seen', color: [1, 2, 3], train: { pixels: 1200, images: 2 }, val: none }, // biome-ignore format: a row
    { value: 4, meaning: 'class', name: 'cow', group: 'unseen', color: [4, 5, 6], train: none, val: { pixels: 9, images: 1 } }, // biome-ignore format: a row
    { value: 77, meaning: 'no class', train: { pixels: 5, images: 1 }, val: none },
  ],
  classes: [
    { id: 1, name: 'cat', group: 'seen' },
    { id: 4, name: 'cow', group: 'unseen' },
  ],
};
const bytes = Uint8Array.of(1, 2, 3);
const image = { type: 'image/png', bytes, height: 2, width: 3 } as const;
const PICTURE: SheetPicture = {
  ...{ subset: 'train', id: 't<0>', photo: image, labelled: image, classes: [4], unlabelled: 0.25, unknown: 0.004 },
  remark: 'mask 2x2, image 2x3',
};

async function written(sheet: ContactSheet, pictures: readonly SheetPicture[]) {
  const out = join(temporaryFolder(), 'new');
  const { html, json } = await writeContactSheet(sheet, pictures, out);
  expect((await readdir(out)).sort()).toEqual(['doctor.json', 'index.html']);
  return { page: await readFile(html, 'utf8'), json: JSON.parse(await readFile(json, 'utf8')) };
}

test('the page says what was found, escaped, with the histogram and the pictures inside', async () => {
  const { page, json } = await written(SHEET, [PICTURE]);
  expect(json).toEqual(SHEET);
  expect(page).toContain('<h1>pets &lt;2&gt;</h1>');
  expect(page).toContain('split default (CaGNet): 1 seen and 1 unseen classes');
  expect(page).toMatch(/class="finding error".*unknown-value.*1 value is unknown\..*It may hide a wrong table\./s);
  expect(page).toContain('<li>a &lt;b&gt;.png</li><li>and 2 more</li>');
  expect(page).toMatch(/rgb\(1 2 3\)"><\/i>1<\/th><td>cat<\/td>.*1,200/);
  expect(page).toMatch(/<tr class="unseen">.*cow/s);
  expect(page).toMatch(/<tr class="stranger">.*77<\/th><td>no class/s);
  expect(page.split(`data:image/png;base64,${Buffer.from(bytes).toString('base64')}`)).toHaveLength(3);
  expect(page).toContain('cow (unseen)');
  expect(page).toMatch(/t&lt;0&gt;<\/b>.*mask 2x2, image 2x3.*25 % unlabelled.*&lt; 1 % of no class/s);
  expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
});

test('a dataset without a fault is said to be well, and without pictures there is no section of them', async () => {
  const { page } = await written({ ...SHEET, findings: [], errors: 0, values: SHEET.values.slice(0, 2) }, []);
  expect(page).toContain('No problems found in this dataset.');
  expect(page).not.toContain('<h2>Pictures</h2>');
});

test('long histograms are folded', async () => {
  const values = Array.from({ length: 80 }, (_, value) => ({ ...SHEET.values[2], value }));
  const { page } = await written({ ...SHEET, values }, []);
  expect(page).toContain('<summary>Table of 80 values</summary>');
});
