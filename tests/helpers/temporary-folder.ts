import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, TestRunner } from 'vitest';

/** Folders that were made outside of a test, by the file whose tests run now. */
const ofFile: string[] = [];

/**
 * An empty folder that nobody has to remove. Made in a test or in `beforeEach` it is gone when the test ends; made
 * elsewhere (at the top of a file, in `beforeAll`), when all tests of the file have ended.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(process.env.UNSEEN_TEST_FOLDER ?? tmpdir(), 'unseen-'));
  if (TestRunner.getCurrentTest()) onTestFinished(() => remove(folder));
  else ofFile.push(folder);
  return folder;
}

/** What setup.ts has every file do in the end. */
export function removeFoldersOfFile(): void {
  for (const folder of ofFile.splice(0)) remove(folder);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
