import { type Hook, isDue, type Scalars } from './hooks.ts';

/** How far a training is. */
export interface Progress {
  readonly iteration: number;
  readonly iterations: number;
  readonly secondsElapsed: number;
  /** At the pace of the latest iterations. */
  readonly secondsLeft: number;
  readonly scalars: Scalars;
}

/** Options of {@link progressHook}. */
export interface ProgressOptions {
  readonly report: (progress: Progress) => void;
  /** Iterations from one report to the next. Default 10. */
  readonly every?: number;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Reports progress with the estimated time that is left. */
export function progressHook(options: ProgressOptions): Hook {
  const { report, every = 10, now = () => performance.now() } = options;
  let start = 0;
  let last = { time: 0, iteration: 0 };
  let pace: number | undefined;
  return {
    onStart({ iteration }) {
      start = now();
      last = { time: start, iteration };
    },
    onStep(event) {
      if (!isDue(event, every)) return;
      const time = now();
      const current = (time - last.time) / (event.iteration - last.iteration);
      // An average that forgets: evaluations and other programs on the machine disturb single intervals.
      pace = pace === undefined ? current : 0.7 * pace + 0.3 * current;
      last = { time, iteration: event.iteration };
      report({
        iteration: event.iteration,
        iterations: event.iterations,
        secondsElapsed: (time - start) / 1000,
        secondsLeft: (pace * (event.iterations - event.iteration)) / 1000,
        scalars: event.scalars,
      });
    },
  };
}
