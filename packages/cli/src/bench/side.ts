import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that answers one JSON line with one JSON line: one side of a comparison. */
export class Side {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private complaints = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.complaints = (this.complaints + text).slice(-2000);
    });
    // A process that cannot be started or has died is noticed by the answer that does not come.
    this.child.on('error', (error) => {
      this.complaints += error.message;
    });
    this.child.stdin!.on('error', () => {});
  }

  /** Sends a request and waits for its answer; `{ error }` in an answer is thrown. */
  async ask<T extends object = object>(request: object): Promise<T> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`a process of the benchmark has ended: ${this.complaints.trim() || 'it said nothing'}`);
    const answer = JSON.parse(value) as T & { readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  /** Ends the process. */
  close(): void {
    this.child.stdin!.end();
    this.child.kill();
  }
}

/** Both kinds of processes get the number of threads by every name that their libraries listen to. */
export function threadVariables(threads: number): Record<string, string> {
  const names = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'];
  return Object.fromEntries(names.map((name) => [name, String(threads)]));
}
