import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of standard output. */
  readonly lastLine: string;
}

/** A running command. */
export interface Command {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

const UNSEEN = join(import.meta.dirname, '../../packages/cli/bin/unseen.js');
const COUNTING = join(import.meta.dirname, 'counting.mjs');

/** The `unseen` command, as users start it. */
export function unseen(args: readonly string[], cwd: string): Promise<Ended> {
  return startUnseen(args, cwd).ended;
}

/** {@link unseen}, to be stopped. */
export function startUnseen(args: readonly string[], cwd: string): Command {
  return start(UNSEEN, args, cwd);
}

/** The same command with the one method `count`, which needs no network; it can kill itself at a step. */
export function counting(args: readonly string[], cwd: string, killAt?: number): Command {
  return start(COUNTING, args, cwd, killAt === undefined ? {} : { KILL_AT: String(killAt) });
}

function start(
  script: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Command {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' }));
  });
  return { process: child, ended };
}
