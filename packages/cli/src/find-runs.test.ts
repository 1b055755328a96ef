import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { commonFolder, findRuns } from './find-runs.ts';

const dir = temporaryFolder();
const put = (...files: string[]) => {
  for (const file of files) {
    mkdirSync(join(dir, file, '..'), { recursive: true });
    writeFileSync(join(dir, file), '');
  }
};

test('a folder of runs stands for them; written comparisons are none; what cannot be read stays', async () => {
  put('one/metrics.json', 'half/config.yaml', 'demo/b/metrics.json', 'demo/a/metrics.json', 'demo/notes/x.txt');
  put('comparison/index.html', 'comparison/report.json', 'demo/comparison/index.html', 'empty/x.txt');
  const given = ['one', 'half', 'demo', 'comparison', 'empty', 'none', 'other.json'].map((name) => join(dir, name));
  expect(await findRuns(given)).toEqual(
    ['one', 'half', 'demo/a', 'demo/b', 'empty', 'none', 'other.json'].map((name) => join(dir, name)),
  );
});

test('a comparison goes where the runs are', () => {
  expect(commonFolder(['/runs/a', '/runs/b'])).toBe('/runs');
  expect(commonFolder(['/runs/demo/a', '/runs/b', '/runs/demo/c'])).toBe('/runs');
  expect(commonFolder(['/runs/a', '/runs2/b'])).toBe('/');
});
