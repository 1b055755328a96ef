import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf, writeJsonAtomic } from '@unseen/core';

/**
 * A folder that is made once for all tests, whichever file and worker comes first; the others wait for it. It belongs to
 * all of them: nobody changes it. Where making it fails, all fail.
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const shared = process.env.UNSEEN_TEST_FOLDER;
  if (shared === undefined) throw new Error('vitest.config.ts names a global setup, which has not run');
  const folder = join(shared, name);
  const result = `${folder}.json`;
  if (claim(folder)) {
    const problem = await make(folder).then(() => null, messageOf);
    await writeJsonAtomic(result, problem);
  }
  while (!existsSync(result)) await setTimeout(20);
  const problem = JSON.parse(readFileSync(result, 'utf8')) as string | null;
  if (problem !== null) throw new Error(`${name} could not be made: ${problem}`);
  return folder;
}

/** Of all that try, one succeeds. */
function claim(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
