import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type MainOptions, main } from '@unseen/cli';
import { expect } from 'vitest';

/** How a command ended. */
export interface Ended {
  /** Null: by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of standard output. */
  readonly lastLine: string;
}

/** A command in a process of its own. */
export interface Command {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The command as users start it, after a build. */
export const UNSEEN = join(import.meta.dirname, '../../packages/cli/bin/unseen.js');

let last: Promise<unknown> = Promise.resolve();

/**
 * The `unseen` command, from its sources, within this process and at home in the folder `cwd`. Several calls take turns.
 * Where the end of a process, its signals or its very beginning matter: {@link startUnseen}.
 */
export function unseen(
  args: readonly string[],
  cwd: string,
  options: Pick<MainOptions, 'methods'> = {},
): Promise<Ended> {
  const ended = last.then(() => runHere(args, cwd, options));
  last = ended.catch(() => {});
  return ended;
}

async function runHere(args: readonly string[], cwd: string, options: Pick<MainOptions, 'methods'>): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const code = await main(args, { ...options, stdout: into('stdout'), stderr: into('stderr') });
    return { code, ...written, lastLine: lastLineOf(written.stdout) };
  } finally {
    process.chdir(before);
  }
}

/** The built `unseen` command, or another program, in a process of its own. */
export function startUnseen(
  args: readonly string[],
  cwd: string,
  { script = UNSEEN, env = {} }: { readonly script?: string; readonly env?: Readonly<Record<string, string>> } = {},
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
    child.on('close', (code) => resolve({ code, stdout, stderr, lastLine: lastLineOf(stdout) }));
  });
  return { process: child, ended };
}

const lastLineOf = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';

/** Expects one clear error of {@link unseen}; gives its text. */
export async function failure(dir: string, args: readonly string[]): Promise<string> {
  return expectFailure(await unseen(args, dir));
}

/** Expects one clear error and nothing on standard output; gives its text. */
export function expectFailure({ code, stdout, stderr }: Ended): string {
  expect(stdout).toBe('');
  expect(stderr.match(/^unseen: /gm)).toHaveLength(1);
  expect(stderr).not.toContain('    at ');
  expect(stderr).not.toContain('bug in unseen');
  expect(code).toBe(1);
  return stderr.slice(stderr.indexOf('unseen: '));
}

/** Expects success of {@link unseen}; gives what it returns. */
export async function unseenJson(dir: string, ...args: string[]) {
  const { code, stderr, lastLine } = await unseen([...args, '--json'], dir);
  expect(stderr).not.toContain('unseen: ');
  expect(code).toBe(0);
  return JSON.parse(lastLine);
}
