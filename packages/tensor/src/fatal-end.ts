import { spawn } from 'node:child_process';

/** The exit code of a process that ended normally. */
const REACHED = 77;

/** How long a driver may take to start, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Native libraries can kill the process that loads them, on a processor that lacks their instructions or with a broken
 * driver. This runs `code` (CommonJS, `await` allowed, arguments from `process.argv[1]` on) in a separate process and
 * says how it died; `undefined` if it finished or threw, which it will then do here as well.
 */
export function fatalEnd(code: string, ...args: readonly string[]): Promise<string | undefined> {
  const script = `(async () => { try { ${code} } catch {} process.exit(${REACHED}); })()`;
  return new Promise((resolve) => {
    const options = { stdio: 'ignore', windowsHide: true, timeout: PATIENCE, killSignal: 'SIGKILL' } as const;
    const child = spawn(process.execPath, ['-e', script, ...args], options);
    // If no process can be started, nothing is known.
    child.on('error', () => resolve(undefined));
    child.on('exit', (exit, signal) => {
      if (exit === REACHED) resolve(undefined);
      else if (child.killed) resolve(`is not done after ${PATIENCE / 1000} s`);
      else resolve(`ends the process ${signal === null ? `with exit code ${exit}` : `by ${signal}`}`);
    });
  });
}
