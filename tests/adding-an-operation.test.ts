import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const MODULES = join(ROOT, 'node_modules');
const PACKAGES = ['core', 'tensor', 'onnx'];
const PAGE = readFileSync(join(ROOT, 'docs/adding-an-operation.md'), 'utf8');

/** What the page asks for: lines to be put before a line of a file. */
const edits = [...PAGE.matchAll(/^In `([^`]+)`, before `([^`]+)`:\n\n```ts\n(.+?)```$/gms)].map(
  ([, file, anchor, lines]) => ({ file, anchor, lines }),
);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'unseen-operation-'));
  mkdirSync(join(dir, 'node_modules/@unseen'), { recursive: true });
  for (const entry of readdirSync(MODULES)) {
    if (entry !== '@unseen' && !entry.startsWith('.'))
      symlinkSync(join(MODULES, entry), join(dir, 'node_modules', entry));
  }
  for (const name of PACKAGES) {
    for (const part of ['src', 'package.json'])
      cpSync(join(ROOT, 'packages', name, part), join(dir, 'packages', name, part), { recursive: true });
    symlinkSync(join(dir, 'packages', name), join(dir, 'node_modules/@unseen', name));
  }
  for (const file of ['tsconfig.base.json', 'tsconfig.test.json', 'vitest.config.ts', 'package.json'])
    cpSync(join(ROOT, file), join(dir, file));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Puts lines before the one line of a file that reads like the anchor. */
function edit({ file, anchor, lines }: (typeof edits)[number]): void {
  const path = join(dir, file);
  const old = readFileSync(path, 'utf8').split('\n');
  const places = old.flatMap((line, i) => (line.trim() === anchor ? [i] : []));
  expect(places, `${file} has one line '${anchor}'`).toHaveLength(1);
  writeFileSync(path, old.toSpliced(places[0], 0, ...lines.trimEnd().split('\n')).join('\n'));
}

test('an operation is added by doing what the page says', async () => {
  expect(edits.length).toBe(PAGE.match(/^```ts$/gm)?.length);
  for (const one of edits) edit(one);
  const tsc = await run(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', 'tsconfig.test.json'], {
    cwd: dir,
  }).catch((error: { stdout: string }) => error);
  expect(tsc.stdout).toBe('');

  const report = join(dir, 'report.json');
  const files = ['packages/tensor/src/backends.test.ts', 'packages/onnx/src/conformance.test.ts'];
  const options = ['-t', '\\belu\\b', '--reporter=json', `--outputFile=${report}`];
  await run(process.execPath, [join(MODULES, 'vitest/vitest.mjs'), 'run', ...files, ...options], { cwd: dir }).catch(
    () => {},
  );
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { title: string; fullName: string; status: string }[] }[];
  };
  const found = testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ title }) => title === 'elu');
  expect(found.map(({ fullName, status }) => [fullName.match(/\b(cpu|onnxruntime)\b/)?.[1], status]).sort()).toEqual([
    ['cpu', 'passed'],
    ['onnxruntime', 'passed'],
  ]);
}, 120_000);
