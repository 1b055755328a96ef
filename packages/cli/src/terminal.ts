import { messageOf, printable, UserError } from '@unseen/core';
import type { Progress } from '@unseen/experiment';
import { TerminalProgress } from './progress.ts';

/** A stream that takes text, such as `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Where output goes. Only results go to standard output; with `--json` only the one JSON line does. */
export class Terminal {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly progress: Progress;
  /** Of standard output. */
  readonly columns: number;
  /** Exit code of a verb that gives a result; one that finds faults sets it. */
  exitCode = 0;
  private readonly stdout: Output;
  private readonly stderr: Output;
  private readonly bar: TerminalProgress;

  constructor(options: {
    readonly json: boolean;
    readonly verbose: boolean;
    readonly stdout: Output;
    readonly stderr: Output;
  }) {
    const { stdout, stderr } = options;
    this.json = options.json;
    this.verbose = options.verbose;
    this.columns = stdout.columns ?? 100;
    this.stdout = stdout;
    this.stderr = stderr;
    this.bar = new TerminalProgress({
      write: (text) => stderr.write(text),
      redraw: stderr.isTTY === true,
      width: () => stderr.columns ?? 80,
    });
    this.progress = this.bar;
  }

  /** A result for people. */
  print(text: string): void {
    this.bar.clear();
    (this.json ? this.stderr : this.stdout).write(`${printable(text)}\n`);
  }

  /** Something about the work, not its result. */
  note(text: string): void {
    this.bar.clear();
    this.stderr.write(`${printable(text)}\n`);
  }

  /** The last line of standard output under `--json`. */
  result(value: object): void {
    if (this.json) this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** One clear sentence and what to do; a stack trace only when asked for, or of the program's own mistakes. */
  error(error: unknown): void {
    this.bar.clear();
    this.stderr.write(printable(describeError(error, this.verbose)));
    this.result({ error: messageOf(error) });
  }
}

/** An error as users see it. */
export function describeError(error: unknown, verbose: boolean): string {
  const stack = verbose && error instanceof Error ? `${withCauses(error)}\n` : '';
  if (!(error instanceof UserError)) {
    const remedy = verbose ? '' : '  → this is a bug in unseen; rerun with --verbose and report it\n';
    return `unseen: ${messageOf(error)}\n${remedy}${stack}`;
  }
  const { given, expected, remedy } = error.parts;
  const lines = [`unseen: ${given}${expected ? `; expected ${expected}` : ''}`];
  if (remedy) lines.push(`  → ${remedy.replaceAll('\n', '\n    ')}`);
  return `${lines.join('\n')}\n${stack}`;
}

function withCauses(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}
