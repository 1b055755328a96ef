import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Which process, on which machine. A process number alone says little: containers begin to count anew, and numbers are
 * given out again.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the running kernel, where it tells (Linux). */
  readonly boot?: string;
  /** Namespace in which the number is valid, where there are namespaces (Linux). */
  readonly space?: string;
  /** When the process started, in ticks since the boot, where the kernel tells (Linux). */
  readonly start?: string;
}

let own: ProcessIdentity | undefined;

/** The process that runs this code. */
export function thisProcess(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    host: hostname(),
    ...defined('boot', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    ...defined('space', () => readlinkSync('/proc/self/ns/pid')),
    ...defined('start', () => statusOf('self')?.start),
  };
  return own;
}

/** Whether a process is still running; `undefined` when that cannot be told from here. */
export function isRunning({ pid, host, boot, space, start }: ProcessIdentity): boolean | undefined {
  const here = thisProcess();
  if (boot !== undefined && space !== undefined) {
    if (boot !== here.boot || space !== here.space) return undefined;
    if (!exists(pid)) return false;
    const status = statusOf(`${pid}`);
    // A killed process stays listed as a zombie until its parent looks.
    return status === undefined || (status.start === start && !'ZX'.includes(status.state));
  }
  if (host !== here.host) return undefined;
  // The number may have been given out again, so that a process of this number proves nothing.
  return exists(pid) ? undefined : false;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function statusOf(pid: string): { readonly state: string; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in parentheses and may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}

function defined<K extends string>(key: K, read: () => string | undefined): { [P in K]?: string } {
  try {
    const value = read();
    return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
  } catch {
    return {};
  }
}
