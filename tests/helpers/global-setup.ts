// Runs once before all tests (vitest.config.ts).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Makes one folder for all that the tests write, `UNSEEN_TEST_FOLDER`, and removes it after the last of them. */
export default function setup(project: TestProject): (() => void) | undefined {
  const prefix = join(tmpdir(), `unseen-tests-${process.pid}-`);
  // vitest calls this for each of its projects; a vitest that a test starts has a folder of its own.
  if (process.env.UNSEEN_TEST_FOLDER?.startsWith(prefix)) return undefined;
  const folder = mkdtempSync(prefix);
  process.env.UNSEEN_TEST_FOLDER = folder;
  // Code may have changed: what was made once for all tests is made anew.
  project.onTestsRerun(async () => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  });
  return () => rmSync(folder, { recursive: true, force: true });
}
