import { requireWholeNumber, UserError } from '@unseen/core';
import { type Hook, type LoopEvent, type Losses, readLosses, type Scalars } from './hooks.ts';

/** Options of {@link TrainingLoop}. */
export interface TrainingLoopOptions {
  /** Total, including those before `start`. */
  readonly iterations: number;
  /** Iterations already completed, when a run is resumed. Default 0. */
  readonly start?: number;
  /** One iteration (from 0): draws a batch, updates the weights and returns its losses. */
  readonly step: (iteration: number) => Promise<Losses>;
  /**
   * Whether losses on a device are fetched after this iteration. Default: always. Those of the last iteration always
   * are.
   */
  readonly reads?: (event: LoopEvent) => boolean;
  readonly hooks?: readonly Hook[];
  /** Ends the loop after the current iteration; see `interruptSignal`. */
  readonly signal?: AbortSignal;
}

/** Runs training steps with their hooks: logs, checkpoints, evaluations. Stops on a loss that is not finite. */
export class TrainingLoop {
  private readonly options: TrainingLoopOptions;
  private done: number;

  constructor(options: TrainingLoopOptions) {
    const { iterations, start = 0 } = options;
    requireWholeNumber(iterations, 0, `${iterations} iterations`);
    if (!Number.isInteger(start) || start < 0 || start > iterations) {
      throw new UserError({
        given: `a run resumed at iteration ${start} of ${iterations}`,
        remedy: 'increase the number of iterations or start a new run',
      });
    }
    this.options = options;
    this.done = start;
  }

  /** Iterations that are done. */
  get iteration(): number {
    return this.done;
  }

  /**
   * Runs until the end or an interruption. A loss that is NaN or infinite is a `UserError` that names it, its iteration
   * and the last good checkpoint; no hook sees that iteration. Losses that are not fetched are not checked.
   */
  async run(): Promise<'completed' | 'interrupted'> {
    const { iterations, step, hooks = [], signal } = this.options;
    let outcome: 'completed' | 'interrupted' | 'failed' = 'failed';
    let scalars: Scalars = {};
    try {
      for (const hook of hooks) await hook.onStart?.(this.position);
      while (this.done < iterations && !signal?.aborted) {
        const losses = await step(this.done);
        const read = await this.fetch(losses);
        if (read) this.requireFinite(read);
        this.done++;
        if (read) await this.emit('train', read);
        scalars = read ?? scalars;
        const emit = (group: string, values: Scalars) => this.emit(group, values);
        for (const hook of hooks) await hook.onStep?.({ ...this.position, scalars, emit });
      }
      outcome = this.done < iterations ? 'interrupted' : 'completed';
    } finally {
      await this.end(outcome);
    }
    return outcome;
  }

  /** Called before the iteration counts as completed. */
  private async fetch(losses: Losses): Promise<Scalars | undefined> {
    const { iterations, reads = () => true, signal } = this.options;
    const iteration = this.done + 1;
    const due = iteration === iterations || signal?.aborted || reads({ iteration, iterations });
    return due || typeof losses !== 'function' ? readLosses(losses) : undefined;
  }

  private get position() {
    return { iteration: this.done, iterations: this.options.iterations };
  }

  private async emit(group: string, scalars: Scalars): Promise<void> {
    for (const hook of this.options.hooks ?? []) await hook.onScalars?.({ ...this.position, group, scalars });
  }

  /** Calls every hook, even if one throws; then rethrows the first error unless the loop has already failed. */
  private async end(outcome: 'completed' | 'interrupted' | 'failed'): Promise<void> {
    const errors: unknown[] = [];
    for (const hook of this.options.hooks ?? []) {
      try {
        await hook.onEnd?.({ ...this.position, outcome });
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0 && outcome !== 'failed') throw errors[0];
  }

  private requireFinite(scalars: Scalars): void {
    for (const [name, value] of Object.entries(scalars)) {
      if (Number.isFinite(value)) continue;
      const last = (this.options.hooks ?? []).map((hook) => hook.lastCheckpoint?.()).findLast((found) => found);
      throw new UserError({
        given: `the loss '${name}' is ${value} at iteration ${this.done}`,
        remedy:
          'lower the learning rate or check the inputs; ' +
          (last
            ? `the last good checkpoint, of iteration ${last.iteration}, is ${last.path}`
            : 'no checkpoint was written before'),
      });
    }
  }
}
