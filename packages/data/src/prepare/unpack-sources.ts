import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveInside, UserError } from '@unseen/core';
import { z } from 'zod';
import type { Converter } from './converter.ts';
import { extractArchive } from './extract.ts';
import type { Journal } from './journal.ts';
import type { PrepareProgress } from './progress.ts';
import type { Source } from './sources.ts';

/**
 * Unpacks the archives among some sources into the journal's folder; the folder or file of each. Those that an earlier
 * call has unpacked in full are not touched.
 */
export async function unpackSources(
  sources: readonly Source[],
  journal: Journal,
  options: {
    readonly converter: Converter;
    /** Of the whole work, for the progress. */
    readonly stages: number;
    /** Of the settings and sources; what was unpacked for others is unpacked again. */
    readonly key: string;
    readonly progress: PrepareProgress;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Record<string, string>> {
  const { converter, stages, key, progress, signal } = options;
  const saved = await journal.read('unpacked.json', z.object({ key: z.string(), roles: z.array(z.string()) }));
  const unpacked = saved?.key === key ? saved.roles : [];
  const folders: Record<string, string> = {};
  for (const [i, { role, kind, path, archive }] of sources.entries()) {
    if (kind !== 'archive') {
      folders[role] = path;
      continue;
    }
    const place = { index: i + 1, count: stages };
    const target = join(journal.folder, role);
    folders[role] = target;
    if (unpacked.includes(role)) {
      progress.stage(`unpack ${archive.file}`, 'skip', place);
      continue;
    }
    progress.stage(`unpack ${archive.file}`, 'start', place);
    const wanted = converter.sources[role].files ?? /^/;
    const megabytes = (bytes: number) => Math.round(bytes / 1e6);
    const unpack = (from: string, inside: string) =>
      extractArchive({
        ...{ archive: from, inside, wanted, target, signal },
        onProgress: (done, total) => progress.update(megabytes(done), megabytes(total), 'MB'),
      });
    const files = await unpack(path, archive.inside);
    if (files === 0) {
      throw new UserError({
        given: `${path} has none of the required files${archive.inside === '' ? '' : ` under '${archive.inside}'`}`,
        expected: `the official ${archive.file}`,
      });
    }
    for (const name of archive.nested) {
      const packed = await resolveInside(target, name, `an entry of 'prepare.archives.${role}.nested'`);
      await unpack(packed, '');
      await rm(packed);
    }
    unpacked.push(role);
    await journal.save('unpacked.json', { key, roles: unpacked });
    progress.stage(`unpack ${archive.file}`, 'done', place);
  }
  return folders;
}
