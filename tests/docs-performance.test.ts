import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import { ROOT } from './pages.ts';

const run = promisify(execFile);

/** A result of `unseen bench --json` with one benchmark that PyTorch takes part in and one that it does not. */
const RESULT = {
  machine: {
    sizes: 'full',
    cpu: 'a processor',
    cores: 2,
    memoryGiB: 8,
    platform: 'linux-x64',
    threads: 2,
    node: 'v20.19.0',
    onnxruntime: '1.30.0',
    torch: { version: '1.13.0' },
    matmulGflops: { ours: 100, torch: 200 },
  },
  results: [
    {
      name: 'one',
      step: 'a step of one',
      ours: 0.05,
      oursDeviation: 0.001,
      torch: 0.1,
      torchDeviation: 0.002,
      ratio: 0.5,
      ratioRange: [0.25, 0.75],
      oursGflops: 80,
      shareOfPeak: 0.8,
      oursPeakMemory: 300e6,
      torchPeakMemory: 400e6,
      memoryRatio: 0.75,
    },
    {
      name: 'alone',
      step: 'a step of the other',
      ours: 1,
      oursDeviation: 0.1,
      torch: null,
      torchDeviation: null,
      ratio: null,
      ratioRange: null,
      oursGflops: null,
      shareOfPeak: null,
      oursPeakMemory: 200e6,
      torchPeakMemory: null,
      memoryRatio: null,
    },
  ],
};

test('the page of figures is written from a result of the bench, and nothing but its results changes', async () => {
  const dir = temporaryFolder();
  const [result, page] = [join(dir, 'result.json'), join(dir, 'page.md')];
  const before = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
  writeFileSync(page, before);
  writeFileSync(result, JSON.stringify(RESULT));
  await run(process.execPath, [join(ROOT, 'scripts/performance.mjs'), result, page]);
  const after = readFileSync(page, 'utf8');
  expect(after).toContain('| `one` | 50.0 ± 1.00 | 100 ± 2.00 | 0.50 | 0.25 … 0.75 | 80 | 80 | 300 | 400 | 0.75 |');
  expect(after).toContain('| `alone` | 1000 ± 100 | – | – | – | – | – | 200 | – | – |');
  expect(readFileSync(join(dir, 'images/performance.svg'), 'utf8')).toContain('one time 0.50, one peak memory 0.75');
  const results = /<!-- results: .*?<!-- end of results -->/s;
  expect(after.replace(results, '')).toBe(before.replace(results, ''));
});
