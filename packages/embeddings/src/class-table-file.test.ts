import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import type { ClassTable } from './class-table.ts';
import { readClassTable, writeClassTable } from './class-table-file.ts';

const table: ClassTable = {
  name: 'pets',
  names: ['cat', 'hot dog', 'Зебра'],
  ids: [3, 0, 181],
  dimension: 2,
  vectors: [Float32Array.of(0.1, -2), Float32Array.of(1e-30, 3), Float32Array.of(5, 6)],
  provenance: [1, 2, 3].map((n) => [
    { source: 'a', file: 'a.vec', sha256: `${n}`.repeat(64), tokens: ['x', 'y'], rule: 'sum' as const },
  ]),
};
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'pets.arrow');
  await writeClassTable(path, table);
});

describe('class tables in Arrow', () => {
  it('come back as they were', async () => {
    expect(await readClassTable(path)).toEqual(table);
  });

  it('are written byte for byte alike', async () => {
    const again = join(folder, 'again.arrow');
    await writeClassTable(again, await readClassTable(path));
    expect(await readFile(again)).toEqual(await readFile(path));
  });

  it('refuse other files', async () => {
    await expect(readClassTable(join(folder, 'absent.arrow'))).rejects.toThrow('does not exist');
    const other = join(folder, 'other.arrow');
    await writeFile(other, tableToIPC(tableFromArrays({ id: Int32Array.of(1) }), 'file'));
    await expect(readClassTable(other)).rejects.toThrow(`${other} is not a class table (it has no checksum)`);
  });

  it('are readable by any Arrow reader', async () => {
    const plain = tableFromIPC(await readFile(path));
    expect([...plain.getChild('name')!]).toEqual(table.names);
    expect([...plain.getChild('vector')!.get(1)]).toEqual([...table.vectors[1]]);
  });

  it('answer any damage with a UserError', async () => {
    const good = await readFile(path);
    const damaged = join(folder, 'damaged.arrow');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, by, cut) => {
        const bytes = Buffer.from(good);
        bytes[at] ^= by;
        await writeFile(damaged, cut ? bytes.subarray(0, at) : bytes);
        await expect(readClassTable(damaged)).rejects.toThrow(UserError);
      }),
      { numRuns: 300 },
    );
  });
});
