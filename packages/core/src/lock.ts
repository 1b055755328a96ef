import { closeSync, fstatSync, futimesSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from './errors.ts';
import { explainFileError } from './files.ts';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** Content of a lock file. */
interface Holder extends ProcessIdentity {
  readonly since: string;
  /** Seconds from one sign of life to the next: the time of the file. Earlier versions gave none. */
  readonly beat?: number;
}

/** Seconds between two signs of life. */
const BEAT = 10;
/** Seconds without one after which a process that cannot be looked up counts as dead. */
const SILENCE = 120;
/** Seconds after which an empty lock, or one of a takeover, belongs to a process that was killed in between. */
const UNFINISHED = 5;
const ATTEMPTS = 50;

const held = new Set<string>();

/**
 * Takes a lock file; throws a {@link UserError} when another living process holds it, or this one does. The lock of a
 * process that has died is taken over: at once where the kernel can be asked (the same machine and process namespace), and
 * otherwise (another machine or container, or macOS and Windows) after two minutes without a sign of life. A file of this
 * name that is not a lock is refused. Gives back what releases it. `option` is the one that names another place.
 */
export function takeLock(path: string, subject: string, option: string): () => void {
  const holder: Holder = { ...thisProcess(), since: new Date().toISOString(), beat: BEAT };
  const content = JSON.stringify(holder);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = createExclusive(path, content);
    if (file !== undefined) return hold(path, { file, content, subject });
    const found = examine(path);
    if (found === 'gone') continue;
    if (found !== 'dead') throw heldError(path, { subject, option, found });
    if (!takeOver(path, attempt)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  throw heldError(path, { subject, option, found: 'unfinished' });
}

/** Throws the error of {@link takeLock} when a living process holds a lock; one that a dead process has left is removed. */
export function requireUnlocked(path: string, subject: string, option: string): void {
  const found = examine(path);
  if (found === 'dead') takeOver(path, 0);
  else if (found !== 'gone') throw heldError(path, { subject, option, found });
}

function createExclusive(path: string, content: string): number | undefined {
  try {
    const file = openSync(path, 'wx');
    try {
      writeSync(file, content);
    } catch (error) {
      closeSync(file);
      rmSync(path, { force: true });
      throw error;
    }
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw explainFileError(error, path);
  }
}

/** Gives signs of life until the lock is released. */
function hold(
  path: string,
  { file, content, subject }: { readonly file: number; readonly content: string; readonly subject: string },
): () => void {
  const whole = resolve(path);
  held.add(whole);
  const timer = setInterval(() => {
    if (readText(path) === undefined || isSameFile(file, path)) return beat(file, content);
    clearInterval(timer);
    // Two processes that write into one folder would spoil it: the one that was taken for dead ends.
    throw new UserError({
      given: `${subject} was taken over by another process while this one did not answer`,
      remedy: 'let the other one finish',
    });
  }, 1000 * BEAT).unref();
  return () => {
    clearInterval(timer);
    held.delete(whole);
    const isOurs = isSameFile(file, path) && readText(path) === content;
    closeSync(file);
    if (isOurs) rmSync(path, { force: true });
  };
}

/** Writing, unlike setting the time, makes a file server set the time by its own clock. */
function beat(file: number, content: string): void {
  try {
    writeSync(file, content, 0);
  } catch {
    const now = Date.now() / 1000;
    try {
      futimesSync(file, now, now);
    } catch {
      // The next one may succeed.
    }
  }
}

function isSameFile(file: number, path: string): boolean {
  try {
    const [a, b] = [fstatSync(file), statSync(path)];
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}

/** Who holds the lock; `unfinished`: somebody who is just about to take it, `foreign`: the file is not a lock. */
type Found = (Holder & { readonly silence: number }) | 'gone' | 'dead' | 'unfinished' | 'foreign';

function examine(path: string, now = Date.now()): Found {
  const text = readText(path);
  if (text === undefined) return 'gone';
  const silence = (now - timeOf(path)) / 1000;
  if (text === '') return silence > UNFINISHED ? 'dead' : 'unfinished';
  const holder = parseHolder(text);
  if (!holder) return 'foreign';
  const running = runs(resolve(path), holder);
  const isDead = running === false || (running === undefined && holder.beat !== undefined && silence > SILENCE);
  return isDead ? 'dead' : { ...holder, silence };
}

function runs(path: string, holder: Holder): boolean | undefined {
  const { pid, host } = thisProcess();
  // Without the kernel's help, this process still knows what it holds itself.
  if (holder.boot === undefined && holder.pid === pid && holder.host === host) return held.has(path);
  return isRunning(holder);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFileError(error, path);
  }
}

function timeOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return Date.now();
  }
}

/**
 * Removes the lock of a dead process. Of several processes that find it only one may, or the second would remove the first
 * one's new lock. Whether this one was that.
 */
function takeOver(path: string, attempt: number): boolean {
  const guard = `${path}.takeover`;
  const file = createExclusive(guard, '');
  if (file === undefined) {
    // A guard lives for microseconds; one that stays belongs to a process that died inside.
    const isOld = (Date.now() - timeOf(guard)) / 1000 > UNFINISHED || attempt === ATTEMPTS - 2;
    if (isOld && readText(guard) === '') rmSync(guard, { force: true });
    return false;
  }
  try {
    // The time of a file that was just made is that of the server, whose clock the signs of life go by too.
    if (examine(path, fstatSync(file).mtimeMs) === 'dead') rmSync(path, { force: true });
    return true;
  } finally {
    closeSync(file);
    rmSync(guard, { force: true });
  }
}

function heldError(
  path: string,
  {
    subject,
    option,
    found,
  }: { readonly subject: string; readonly option: string; readonly found: Exclude<Found, 'gone' | 'dead'> },
): UserError {
  if (found === 'foreign') {
    return new UserError({
      given: `${path} is not a lock file of this toolkit`,
      expected: 'no other file of this name',
      remedy: `rename it, or choose another folder with ${option}`,
    });
  }
  if (found === 'unfinished') {
    return new UserError({
      given: `${subject} is in use by another process`,
      expected: 'one process at a time',
      remedy: `wait for it, choose another folder with ${option}, or delete ${path} if that process no longer exists`,
    });
  }
  const { pid, host, since, silence, beat } = found;
  const sign = beat === undefined ? '' : `, last sign of life ${Math.max(0, Math.round(silence))} s ago`;
  const dead = beat === undefined ? `delete ${path}` : `try again in ${SILENCE / 60} minutes or delete ${path}`;
  return new UserError({
    given: `${subject} is in use by process ${pid} on ${host} (since ${since}${sign})`,
    expected: 'one process at a time',
    remedy: `wait for it, choose another folder with ${option}, or, if that process no longer exists, ${dead}`,
  });
}
