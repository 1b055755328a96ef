import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFileError, writeFileAtomic } from '@unseen/core';
import { type Hook, isDue } from './hooks.ts';

/** Options of {@link jsonlHook}. */
export interface JsonlOptions {
  readonly path: string;
  /** Iterations from one line of the group `train` to the next; other groups are always written. Default 1. */
  readonly every?: number;
  /** Written into each line, to tell the stages of a run apart. */
  readonly stage?: string;
}

/**
 * A log with one JSON object per line: `{"stage", "iteration", "group", …scalars}`. When a run is resumed, lines of the
 * stage that lie after its starting point, and a last line that was cut off, are removed: the log ends up as that of a
 * run that was never interrupted.
 */
export function jsonlHook(options: JsonlOptions): Hook {
  const { path, every = 1, stage } = options;
  return {
    async onStart({ iteration }) {
      const existing = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw explainFileError(error, path);
      });
      if (existing === undefined) return;
      const kept = existing.split('\n').filter((line) => isKept(line, stage, iteration));
      await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
    },
    async onScalars(event) {
      if (event.group === 'train' && !isDue(event, every)) return;
      const { iteration, group, scalars } = event;
      const line = JSON.stringify({ ...(stage === undefined ? {} : { stage }), iteration, group, ...scalars });
      try {
        await mkdir(dirname(path), { recursive: true });
        await appendFile(path, `${line}\n`);
      } catch (error) {
        throw explainFileError(error, path);
      }
    },
  };
}

function isKept(line: string, stage: string | undefined, iteration: number): boolean {
  try {
    const entry = JSON.parse(line) as { stage?: string; iteration?: number };
    return entry.stage !== stage || entry.iteration === undefined || entry.iteration <= iteration;
  } catch {
    return false;
  }
}
