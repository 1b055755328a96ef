import { spawn } from 'node:child_process';

/** The exit code of a process that came to its end. */
const REACHED = 77;

/** How long a driver may take to start, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Native libraries can end the process that loads them, on a processor that lacks their instructions or with a driver
 * that is broken. This tries `code` (CommonJS, `await` allowed, `process.argv` from 1) in a process of its own, and says how
 * it ended there; `undefined` where it came to its end or threw, which it then does here as well.
 */
export function fatalEnd(code: string, ...args: readonly string[]): Promise<string | undefined> {
  const script = `(async () => { try { ${code} } catch {} process.exit(${REACHED}); })()`;
  return new Promise((resolve) => {
    const options = { stdio: 'ignore', windowsHide: true, timeout: PATIENCE, killSignal: 'SIGKILL' } as const;
    const child = spawn(process.execPath, ['-e', script, ...args], options);
    // Where no process can be made, nothing is known.
    child.on('error', () => resolve(undefined));
    child.on('exit', (exit, signal) => {
      if (exit === REACHED) resolve(undefined);
      else if (child.killed) resolve(`is not done after ${PATIENCE / 1000} s`);
      else resolve(`ends the process ${signal === null ? `with exit code ${exit}` : `by ${signal}`}`);
    });
  });
}
