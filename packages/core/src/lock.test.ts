import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from './lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'unseen-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a held lock is refused and can be taken again once released', () => {
  const path = join(dir, 'lock');
  const release = takeLock(path, 'the run', '--out');
  expect(() => takeLock(path, 'the run', '--out')).toThrow(`the run is in use by process ${process.pid}`);
  release();
  expect(existsSync(path)).toBe(false);
  takeLock(path, 'the run', '--out')();
});

test('the lock of a dead process is taken over, that of another machine is not', async () => {
  const path = join(dir, 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(path, JSON.stringify({ pid, host: hostname(), since: '' }));
  takeLock(path, 'the run', '--out')();
  await writeFile(path, JSON.stringify({ pid, host: 'elsewhere.example', since: '' }));
  expect(() => takeLock(path, 'the run', '--out')).toThrow('elsewhere.example');
});

test('a lock that was never written whole counts as held only for a moment', async () => {
  const path = join(dir, 'lock');
  await writeFile(path, '');
  expect(() => takeLock(path, 'the run', '--out')).toThrow('another process');
  utimesSync(path, 0, 0);
  takeLock(path, 'the run', '--out')();
});

test('a takeover that was cut short does not block the folder for ever', async () => {
  const path = join(dir, 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(path, JSON.stringify({ pid, host: hostname(), since: '' }));
  await writeFile(`${path}.takeover`, '');
  utimesSync(`${path}.takeover`, 0, 0);
  takeLock(path, 'the run', '--out')();
});
