import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { readNpyText } from './npy-text.ts';

async function fileOf(bytes: Uint8Array): Promise<string> {
  const folder = temporaryFolder();
  const path = join(folder, 'list.npy');
  await writeFile(path, bytes);
  return path;
}

/** The file that `np.save` writes for an array of one axis. */
function npy(description: string, count: number, data: Uint8Array): Buffer {
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${count},), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\0\0${text.padEnd(117)}\n`, 'latin1');
  head.writeUInt16LE(118, 8);
  return Buffer.concat([head, data]);
}

function utf32(texts: readonly string[], width: number, swapped = false): Buffer {
  const data = Buffer.alloc(4 * width * texts.length);
  texts.forEach((text, i) => {
    [...text].forEach((character, j) => {
      const at = 4 * (i * width + j);
      if (swapped) data.writeUInt32BE(character.codePointAt(0)!, at);
      else data.writeUInt32LE(character.codePointAt(0)!, at);
    });
  });
  return data;
}

const TEXTS = ['train/2007_000032.png', 'ö', '', '𝕏y'];

test.each([
  ['<U21', utf32(TEXTS, 21)],
  ['>U21', utf32(TEXTS, 21, true)],
])('texts of type %s', async (description, data) => {
  expect(await readNpyText(await fileOf(npy(description, 4, data)))).toEqual(TEXTS);
});

/** Pickles that `np.save` of NumPy 2.4 writes for arrays of objects: two texts, and a text with a number. */
const TEXT_OBJECTS =
  'gASVqgAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsChZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQojBV0cmFpbi8yMDA3XzAwMDAzMi5wbmeUjAV2YWwveJRldJRiLg==';
const MIXED_OBJECTS =
  'gASVkAAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsChZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQojAFhlEsDZXSUYi4=';

test('bytes and objects', async () => {
  const bytes = Buffer.from('ab\0cd\0e\0\0', 'latin1');
  expect(await readNpyText(await fileOf(npy('|S3', 3, bytes)))).toEqual(['ab', 'cd', 'e']);
  const objects = await fileOf(npy('|O', 2, Buffer.from(TEXT_OBJECTS, 'base64')));
  expect(await readNpyText(objects)).toEqual(['train/2007_000032.png', 'val/x']);
  const mixed = await fileOf(npy('|O', 2, Buffer.from(MIXED_OBJECTS, 'base64')));
  await expect(readNpyText(mixed)).rejects.toThrow(/holds elements of type '\|O'; expected text/);
});

test('numbers and cut files are refused, and no damage does worse', async () => {
  await expect(readNpyText(await fileOf(npy('<f4', 1, new Uint8Array(4))))).rejects.toThrow("type '<f4'");
  const whole = npy('<U21', 4, utf32(TEXTS, 21));
  await expect(readNpyText(await fileOf(whole.subarray(0, 300)))).rejects.toThrow('bytes of text');
  const path = await fileOf(whole);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
      const damaged = Buffer.from(whole);
      damaged[at] = value;
      await writeFile(path, damaged);
      const failure = await readNpyText(path).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined) expect(failure).toBeInstanceOf(UserError);
    }),
    { numRuns: 200 },
  );
});
