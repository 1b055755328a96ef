import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { bands, maskFile, photo, writePets } from '../data/doctor-dataset.ts';
import { unseen } from '../helpers/command.ts';

const doctor = async (path: string, ...args: string[]) =>
  unseen(['dataset', 'doctor', 'pets.yaml', ...args], dirname(path));

test('the histogram is printed; warnings fail under --strict alone', async () => {
  const path = await writePets({ 'images/v1.jpg': await photo(2) });
  const [plain, strict] = await Promise.all([doctor(path), doctor(path, '--strict', '--quick')]);
  for (const { stdout } of [plain, strict]) {
    expect(stdout).toMatch(/pets, split default: 3 seen and 2 unseen classes; 6 training and 4 test images/);
    expect(stdout).toMatch(/^9 +sheep +unseen +0 +0 +1280 +2$/m);
    expect(stdout).toContain('warning same-file-in-both-subsets: 1 test image');
    expect(stdout).toContain('0 errors, 1 warning, 0 notes');
  }
  expect([plain.code, strict.code]).toEqual([0, 1]);
  expect(existsSync(join(dirname(path), 'index.html'))).toBe(false);
});

test('errors give exit code 1, the whole report as JSON, and a page with pictures', async () => {
  const path = await writePets({ 'masks/t1.png': maskFile(bands(1, 77, 3)) });
  const { code, lastLine, stderr } = await doctor(path, '--json', '--out', 'sheet', '--sample', '2');
  expect(code).toBe(1);
  const report = JSON.parse(lastLine);
  expect(report.findings.map(({ check }: { check: string }) => check)).toEqual(['unknown-value']);
  expect(report.values.find(({ value }: { value: number }) => value === 77)).toEqual({
    ...{ value: 77, meaning: 'no class' },
    train: { pixels: 640, images: 1 },
    val: { pixels: 0, images: 0 },
  });
  expect(stderr).toMatch(/error unknown-value: .*\n {4}.*t1\.png: value 77\n {2}why: .*\n {2}→ fix the masks/);
  const page = await readFile(join(dirname(path), 'sheet/index.html'), 'utf8');
  expect(page.match(/<figure>/g)).toHaveLength(4);
  expect(page).toContain('29 % of no class');
  const { written, ...rest } = report;
  expect(JSON.parse(await readFile(join(dirname(path), written.json), 'utf8'))).toEqual(rest);
});
