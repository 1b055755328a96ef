import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { explainFileError, UserError, writeFileAtomic } from '@unseen/core';

/** A line of `log.jsonl`: an `iteration` with its `losses`, `metrics` or a `warning`. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** The log as one stage sees it. */
export interface StageLog {
  /** Appends a line; `stage` and `time` (seconds that the run has been going) are added. Not-finite numbers become null. */
  (record: LogRecord): void;
  /** Drops this stage's lines above an iteration: call it after loading a checkpoint, which is older than the log. */
  rewind(iteration: number): Promise<void>;
}

/** `log.jsonl` of a run: one JSON object a line, appended as the run goes. */
export class RunLog {
  readonly path: string;
  private file: number | undefined;
  /** Seconds on the clock of the run at which this process began. */
  private offset: number | undefined;
  private readonly began = performance.now();

  constructor(path: string) {
    this.path = path;
  }

  write(record: LogRecord): void {
    try {
      this.file ??= this.open();
      const time = Math.round((this.offset ?? 0) * 1000 + performance.now() - this.began) / 1000;
      writeSync(this.file, `${JSON.stringify({ time, ...record })}\n`);
    } catch (error) {
      throw explainFileError(error, this.path);
    }
  }

  /** All whole lines. */
  read(): LogRecord[] {
    if (!isFile(this.path)) return [];
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line, i) => {
      try {
        return JSON.parse(line) as LogRecord;
      } catch (error) {
        throw new UserError(
          { given: `${this.path}:${i + 1} is not JSON`, expected: 'one JSON object a line', remedy: 'delete the line' },
          { cause: error },
        );
      }
    });
  }

  forStage(stage: string): StageLog {
    const log = (record: LogRecord) => this.write({ stage, ...record });
    return Object.assign(log, {
      rewind: async (iteration: number) => {
        this.repair();
        const isKept = (r: LogRecord) =>
          r.stage !== stage || typeof r.iteration !== 'number' || r.iteration <= iteration;
        const all = this.read();
        const kept = all.filter(isKept);
        if (kept.length === all.length) return;
        this.close();
        await writeFileAtomic(this.path, kept.map((r) => `${JSON.stringify(r)}\n`).join(''));
      },
    });
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private open(): number {
    this.repair();
    this.offset ??= lastTime(this.path);
    return openSync(this.path, 'a');
  }

  /** Cuts off the line that a killed process left unfinished. */
  private repair(): void {
    if (this.file !== undefined || !isFile(this.path)) return;
    const content = readFileSync(this.path);
    const end = content.lastIndexOf(0x0a) + 1;
    if (end < content.length) truncateSync(this.path, end);
  }
}

/** Time of the last line that an earlier process wrote. */
function lastTime(path: string): number {
  if (!isFile(path)) return 0;
  const last = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  const time = /"time":([\d.]+)/.exec(last)?.[1];
  return time === undefined ? 0 : Number(time);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
