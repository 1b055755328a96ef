import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { UserError } from './errors.ts';
import { explainFileError } from './files.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * Takes a lock file; throws a {@link UserError} when another living process holds it, or this one does. The lock of a
 * process that has died on this machine is taken over. Gives back what releases it. `option` is the one that names
 * another place.
 */
export function takeLock(path: string, subject: string, option: string): () => void {
  const content = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() });
  for (let attempt = 0; attempt < 50; attempt++) {
    if (createExclusive(path, content)) return () => release(path, content);
    const holder = read(path);
    if (holder === 'gone') continue;
    if (holder === 'unreadable' || isAlive(holder)) throw heldError(path, subject, option, holder);
    removeStale(path);
  }
  throw heldError(path, subject, option, 'unreadable');
}

function createExclusive(path: string, content: string): boolean {
  try {
    const file = openSync(path, 'wx');
    try {
      writeSync(file, content);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw explainFileError(error, path);
  }
}

/** Of several processes that find a stale lock only one may remove it, or the second would remove the first one's new lock. */
function removeStale(path: string): void {
  const guard = `${path}.takeover`;
  if (!createExclusive(guard, '')) {
    // A guard lives for microseconds; an old one belongs to a process that died inside.
    if (ageOf(guard) > 5_000) rmSync(guard, { force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    return;
  }
  try {
    const holder = read(path);
    if (holder !== 'gone' && holder !== 'unreadable' && !isAlive(holder)) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function read(path: string): Holder | 'gone' | 'unreadable' {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder> | null;
    if (typeof holder?.pid === 'number' && typeof holder.host === 'string') return holder as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
  }
  // Empty: its maker is between creating and writing it, or was killed there.
  return ageOf(path) > 5_000 ? { pid: 0, host: hostname(), since: '' } : 'unreadable';
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function heldError(path: string, subject: string, option: string, holder: Holder | 'unreadable'): UserError {
  const who =
    holder === 'unreadable' ? 'another process' : `process ${holder.pid} on ${holder.host} (since ${holder.since})`;
  return new UserError({
    given: `${subject} is in use by ${who}`,
    expected: 'one process at a time',
    remedy: `wait for it, choose another folder with ${option}, or delete ${path} if that process no longer exists`,
  });
}

function release(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) rmSync(path, { force: true });
  } catch {
    // Removed with its folder: nothing is held any more.
  }
}
