import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRunning, thisProcess } from './process-identity.ts';

/** `.<name>.<machine>-<pid>-<start>-<count>.tmp`; machine: 8 hex digits, start: in base 36. */
const OWN = /^\..+\.([0-9a-f]{8})-(\d+)-([0-9a-z]+)-\d+\.tmp$/;
/** Names of earlier versions: `<name>.<pid>-<count>.tmp`. */
const EARLIER = /\.\d+-\d+\.tmp$/;

const DAY = 24 * 3600_000;

let count = 0;

/**
 * A hidden name beside `path` for what is being written, which no other write has. It says which process writes, so that
 * leftovers of a killed one are recognized.
 */
export function temporaryPath(path: string): string {
  const { pid, start = '0' } = thisProcess();
  const name = basename(path);
  // Names may have 255 bytes at most.
  const known = Buffer.byteLength(name) <= 190 ? name : hash(name, 16);
  const suffix = `${machine()}-${pid}-${Number(start).toString(36)}-${count++}.tmp`;
  return join(dirname(path), `.${known}.${suffix}`);
}

/** Whether a file name is one that this toolkit gives to files that are being written. */
export function isTemporary(name: string): boolean {
  return OWN.test(name) || EARLIER.test(name);
}

/** Whether a running process of this machine is writing the file of this name. */
export function isBeingWritten(name: string): boolean {
  return runs(name) === true;
}

/**
 * Removes what killed processes of this machine had begun to write into a folder, and what has such a name and is older
 * than a day. Files of any other name are not touched; a folder that cannot be read is left alone.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (!OWN.test(name)) continue;
    const path = join(folder, name);
    const running = runs(name);
    const isOld = async () => Date.now() - (await stat(path)).mtimeMs > DAY;
    if (running === false || (running === undefined && (await isOld().catch(() => false)))) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function runs(name: string): boolean | undefined {
  const [, where, pid, start] = OWN.exec(name) ?? [];
  if (where !== machine()) return undefined;
  const here = thisProcess();
  return isRunning({
    ...here,
    pid: Number(pid),
    ...(here.start !== undefined && { start: `${Number.parseInt(start, 36)}` }),
  });
}

/** Of the place in which process numbers are valid. */
function machine(): string {
  const { host, boot, space } = thisProcess();
  return hash([host, boot, space].join('\n'), 8);
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
