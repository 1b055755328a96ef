import { printable } from '@unseen/core';
import type { Progress } from '@unseen/experiment';

/** How {@link TerminalProgress} draws. */
export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** One line drawn again and again; otherwise a new line every few seconds. */
  readonly redraw: boolean;
  readonly width?: () => number;
  /** Milliseconds; default: the clock. */
  readonly now?: () => number;
}

/**
 * Progress of stages with the estimated time to go. It draws when it is told something and not by a timer, since a
 * process that computes all the time serves no timers.
 */
export class TerminalProgress implements Progress {
  private readonly options: Required<ProgressOptions>;
  private label = '';
  private began = 0;
  private first: { readonly done: number; readonly at: number } | undefined;
  private drawn = Number.NEGATIVE_INFINITY;
  private open = false;

  constructor(options: ProgressOptions) {
    this.options = { width: () => 80, now: () => performance.now(), ...options };
  }

  stage(
    name: string,
    event: 'start' | 'skip' | 'done',
    { index, count }: { readonly index: number; readonly count: number },
  ): void {
    this.label = `[${index + 1}/${count}] ${name}`;
    const now = this.options.now();
    if (event === 'start') {
      this.began = now;
      this.first = undefined;
      this.drawn = this.options.redraw ? Number.NEGATIVE_INFINITY : now;
      if (!this.options.redraw) this.line(`${this.label}`);
    } else {
      this.line(`${this.label}: ${event === 'skip' ? 'finished earlier' : `done in ${duration(now - this.began)}`}`);
    }
  }

  update(done: number, total: number, note?: string): void {
    const now = this.options.now();
    this.first ??= { done, at: now };
    if (now - this.drawn < (this.options.redraw ? 100 : 5_000)) return;
    this.drawn = now;
    const steps = done - this.first.done;
    const left = steps > 0 ? ((now - this.first.at) / steps) * (total - done) : undefined;
    const parts = [
      this.label,
      `${Math.floor((100 * done) / Math.max(total, 1))
        .toString()
        .padStart(3)} %`,
      `${done}/${total}`,
      note,
      left === undefined ? undefined : `${duration(left)} to go`,
    ];
    const text = printable(parts.filter((part) => part !== undefined && part !== '').join('  '), { lines: false });
    if (!this.options.redraw) this.line(text);
    else {
      this.options.write(`\r\u001b[2K${text.slice(0, this.options.width() - 1)}`);
      this.open = true;
    }
  }

  warn(sentence: string): void {
    this.line(`warning: ${sentence}`);
  }

  note(sentence: string): void {
    this.line(sentence);
  }

  /** Removes the line that is drawn again and again, before something else is written. */
  clear(): void {
    if (this.open) this.options.write('\r\u001b[2K');
    this.open = false;
  }

  private line(text: string): void {
    this.clear();
    this.options.write(`${printable(text)}\n`);
  }
}

/** A time in words: `0.8 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
