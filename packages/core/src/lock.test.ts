import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { takeLock } from './lock.ts';
import { type ProcessIdentity, thisProcess } from './process-identity.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

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

const lockOf = (holder: Partial<ProcessIdentity>) =>
  JSON.stringify({ ...thisProcess(), since: '2024-01-01', beat: 10, ...holder });

test.skipIf(!existsSync('/proc/self/stat'))(
  'a process of the same number that started later holds nothing',
  async () => {
    const path = join(dir, 'lock');
    const { start, ...others } = thisProcess();
    await writeFile(path, lockOf({ start: `${Number(start) - 1}` }));
    takeLock(path, 'the run', '--out')();
    await writeFile(path, JSON.stringify({ pid: others.pid, host: others.host, since: '' }));
    takeLock(path, 'the run', '--out')();
  },
);

test.skipIf(!existsSync('/proc/self/stat'))(
  'a killed process that its parent has not looked at holds nothing',
  async () => {
    const path = join(dir, 'lock');
    // The shell becomes a program that never looks at its children; only then its child comes to its end.
    const script = 'cat <&3 >/dev/null & echo $!; exec sleep 60 3<&-';
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    try {
      const pid = Number(String((await once(parent.stdout!, 'data'))[0]));
      const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await setTimeout(5);
      (parent.stdio[3] as Writable).end();
      while (fields()[0] !== 'Z') await setTimeout(5);
      await writeFile(path, lockOf({ pid, start: fields()[19] }));
      takeLock(path, 'the run', '--out')();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);

test.each([
  ['another machine', { boot: 'other', host: 'elsewhere.example' }],
  ['another container', { space: 'pid:[1]' }],
])('the lock of %s is held until it has given no sign of life for long', async (_, holder) => {
  const path = join(dir, 'lock');
  await writeFile(path, lockOf({ boot: 'here', space: 'pid:[2]', ...holder, pid: 2 ** 22 + 1 }));
  const sign = (seconds: number) => utimesSync(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
  sign(60);
  expect(() => takeLock(path, 'the run', '--out')).toThrow(/last sign of life 60 s ago.*try again in 2 minutes/s);
  sign(130);
  takeLock(path, 'the run', '--out')();
});

describe('signs of life', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  test('come as long as the lock is held', () => {
    const path = join(dir, 'lock');
    const release = takeLock(path, 'the run', '--out');
    utimesSync(path, 0, 0);
    vi.advanceTimersByTime(10_000);
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
    release();
    vi.advanceTimersByTime(10_000);
    expect(existsSync(path)).toBe(false);
  });

  test('end, with an error, when another process has taken the lock over', async () => {
    const path = join(dir, 'lock');
    const release = takeLock(path, 'the run', '--out');
    await rm(path);
    vi.advanceTimersByTime(10_000);
    const other = lockOf({ boot: 'other' });
    await writeFile(path, other);
    expect(() => vi.advanceTimersByTime(10_000)).toThrow('the run was taken over by another process');
    release();
    expect(readFileSync(path, 'utf8')).toBe(other);
  });
});

test.each(['my door has a lock', '{"pid": 1}'])(
  'a file of the same name that is not a lock stays: %s',
  async (text) => {
    const path = join(dir, 'lock');
    await writeFile(path, text);
    utimesSync(path, 0, 0);
    expect(() => takeLock(path, 'the run', '--out')).toThrow('is not a lock file of this toolkit');
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);
