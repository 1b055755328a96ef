import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { type ListOptions, readIdList } from './id-list.ts';

async function idsOf(text: string | Uint8Array, options?: ListOptions): Promise<string[]> {
  const path = join(temporaryFolder(), 'list.txt');
  await writeFile(path, text);
  return (await readIdList(path, options)).map(({ id, line }) => `${line} ${id}`);
}

test('ids stay what they are, repeated ones too', async () => {
  expect(await idsOf(' a b.png \n\n\r\n/x/y.jpg\na b.png')).toEqual(['1 a b.png', '4 /x/y.jpg', '5 a b.png']);
});

test('of paths the last components count', async () => {
  const text =
    '/home/old/annotations/train/2007_000032.png\ntrain/2007_000033\n2007_000034.JPG\nC:\\a b\\val\\c.d.jpeg';
  expect(await idsOf(text, { entries: 'paths', components: 2 })).toEqual([
    '1 train/2007_000032',
    '2 train/2007_000033',
    '3 2007_000034',
    '4 val/c.d',
  ]);
  const pair = '/JPEGImages/a.jpg /SegmentationClassAug/a.png\nx/b_leftImg8bit.png\ty/b_gtFine_labelIds.png';
  const suffixes = ['_leftImg8bit.png', '_gtFine_labelIds.png'];
  expect(await idsOf(pair, { entries: 'paths', suffixes })).toEqual(['1 a', '2 b']);
});

const LINES = ['1 a', '3 фото два', '4 c'];

test.each([
  ['CR alone', 'a\r\rфото два\rc\r'],
  ['CR and LF', 'a\r\n\r\nфото два\r\nc'],
  ['a byte order mark', '\ufeffa\n\nфото два\nc\n'],
  ['UTF-16', Buffer.from('\ufeffa\n\nфото два\nc\n', 'utf16le')],
  ['UTF-16, most significant byte first', Buffer.from('\ufeffa\n\nфото два\nc\n', 'utf16le').swap16()],
  ['double quotes', '"a"\n""\n"фото два"\n c \n'],
])('a list with %s', async (_, text) => {
  expect(await idsOf(text)).toEqual(LINES);
});

test('a list in another encoding is refused', async () => {
  for (const encoding of ['latin1', 'utf16le'] as const) {
    const list = idsOf(Buffer.from('caf\xe9\n', encoding));
    await expect(list).rejects.toThrow(/list\.txt is not UTF-8; expected UTF-8, or UTF-16.*save it as UTF-8/);
  }
});

test('quotes within ids stay, doubled ones are one', async () => {
  expect(await idsOf('"a ""b"""\nc"d\n"')).toEqual(['1 a "b"', '2 c"d', '3 "']);
});
