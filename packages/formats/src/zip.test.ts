import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { openZip } from './zip.ts';
import { type ZipInput, zipBytes } from './zip-writer.suite.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'archive.zip');
});

async function open(inputs: readonly ZipInput[]) {
  await writeFile(path, zipBytes(inputs));
  return openZip(path);
}

async function readAll(file: string): Promise<Map<string, Uint8Array>> {
  const archive = await openZip(file);
  try {
    const contents = new Map<string, Uint8Array>();
    for (const name of archive.entries.keys()) contents.set(name, await archive.read(name));
    return contents;
  } finally {
    await archive.close();
  }
}

const hello = Buffer.from('hello zip');

describe('openZip', () => {
  it('gives back any contents, and any piece of them, compressed or not', async () => {
    const input = fc.record({
      content: fc.uint8Array({ maxLength: 3000 }),
      compress: fc.boolean(),
      padding: fc.nat(80),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 4 }), fc.nat(), fc.nat(), async (given, a, b) => {
        const archive = await open(given.map((entry, i) => ({ ...entry, name: `folder/${i}` })));
        expect(archive.entries.size).toBe(given.length);
        for (const [i, { content }] of given.entries()) {
          expect(await archive.read(`folder/${i}`)).toEqual(content);
          const pieces: Uint8Array[] = [];
          for await (const piece of archive.pieces(`folder/${i}`)) pieces.push(piece);
          expect(Buffer.concat(pieces)).toEqual(Buffer.from(content));
          const [start, end] = [a, b].map((n) => n % (content.length + 1)).sort((x, y) => x - y);
          expect(await archive.read(`folder/${i}`, start, end)).toEqual(content.slice(start, end));
        }
        await archive.close();
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('accepts entries without a checksum, and refuses wrong ones', async () => {
    const archive = await open([
      { name: 'none', content: hello, checksum: 0 },
      { name: 'wrong', content: hello, checksum: 7 },
      { name: 'packed', content: hello, checksum: 7, compress: true },
    ]);
    expect(Buffer.from(await archive.read('none')).toString()).toBe('hello zip');
    await expect(archive.read('wrong')).rejects.toThrow("wrong checksum for 'wrong'");
    await expect(archive.read('packed')).rejects.toThrow("wrong checksum for 'packed'");
    await archive.close();
  });

  it.each<[string, readonly ZipInput[], string]>([
    ['names that occur twice', [1, 2].map(() => ({ name: 'a', content: hello })), "has two entries named 'a'"],
    [
      'entries on top of each other',
      [1, 2, 3].map((i) => ({ name: `b${i}`, content: hello, offset: 0, compress: true })),
      'overlapping another',
    ],
    [
      'an entry that leaves the file',
      [{ name: 'c', content: hello, offset: 1e6 }],
      'overlapping another entry or the end',
    ],
    [
      'a size that no compression gives',
      [{ name: 'd', content: Buffer.alloc(100), size: 4e9, compress: true }],
      'declares 4000000000 bytes',
    ],
    ['another size than the stored one', [{ name: 'e', content: hello, size: 8 }], 'cannot be read as zip'],
    ['names that leave the folder', [{ name: '../f', content: hello }], 'cannot be read as zip'],
  ])('refuses %s', async (_, inputs, message) => {
    await expect(open(inputs)).rejects.toThrow(message);
    await expect(open(inputs)).rejects.toBeInstanceOf(UserError);
  });

  it('stops where a content is longer than promised', async () => {
    const archive = await open([{ name: 'a', content: Buffer.alloc(1e6), size: 2000, compress: true }]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(archive.read('a')).rejects.toThrow('too many bytes');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    await archive.close();
  });

  it('refuses a local header that moves its content over the next entry', async () => {
    const bytes = zipBytes([
      { name: 'a', content: hello },
      { name: 'b', content: Buffer.alloc(100) },
    ]);
    bytes.writeUInt16LE(40, 28);
    await writeFile(path, bytes);
    const archive = await openZip(path);
    await expect(archive.read('a')).rejects.toThrow("has 'a' overlapping another entry");
    await archive.close();
  });

  it('refuses a directory of 64 bits that lies outside the file', async () => {
    const end = zipBytes([]);
    const locator = Buffer.alloc(20, 0xff);
    locator.write('PK\x06\x07', 'latin1');
    await writeFile(path, Buffer.concat([locator, end]));
    await expect(openZip(path)).rejects.toThrow('it refers to byte');
  });

  it('explains missing files, entries and ranges', async () => {
    await expect(openZip(join(folder, 'absent.zip'))).rejects.toThrow('absent.zip does not exist');
    await writeFile(path, 'no archive');
    await expect(openZip(path)).rejects.toThrow(`${path} cannot be read as zip`);
    const archive = await open([{ name: 'a', content: hello }]);
    await expect(archive.read('b')).rejects.toThrow("has no entry 'b'");
    await expect(archive.read('a', 3, 99)).rejects.toThrow("no bytes 3 to 99 in 'a', which has 9");
    await archive.close();
  });

  it('answers any damage with a UserError or the untouched contents', async () => {
    const good = zipBytes([
      { name: 'stored', content: hello, padding: 20 },
      { name: 'packed', content: Buffer.alloc(500, 7), compress: true },
    ]);
    const damaged = join(folder, 'damaged.zip');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        await writeFile(damaged, cut ? bytes.subarray(0, at) : bytes);
        const result = await readAll(damaged).catch((error: unknown) => error);
        if (!(result instanceof Map)) expect(result).toBeInstanceOf(UserError);
        else for (const content of result.values()) expect([9, 500]).toContain(content.length);
        if (cut) expect(result).toBeInstanceOf(UserError);
      }),
      { numRuns: 200, seed: 2 },
    );
  });
});
