import { requireWholeNumber } from '@unseen/core';
import { type Hook, isDue, type Scalars } from './hooks.ts';

/** Options of {@link checkpointHook}. */
export interface CheckpointHookOptions {
  readonly every: number;
  /** Writes a checkpoint of that many iterations and says where. */
  readonly save: (iteration: number) => Promise<string>;
  /** The checkpoint that a resumed run began with. */
  readonly resumed?: { readonly path: string; readonly iteration: number };
}

/** Writes a checkpoint every few iterations, at the end, and when the loop is interrupted; never after a failure. */
export function checkpointHook(options: CheckpointHookOptions): Hook {
  requireWholeNumber(options.every, 1, `a period of ${options.every} iterations`);
  let last: { readonly path: string; readonly iteration: number } | undefined = options.resumed;
  const save = async (iteration: number) => {
    if (last?.iteration !== iteration) last = { path: await options.save(iteration), iteration };
  };
  return {
    onStep: (event) => (isDue(event, options.every) ? save(event.iteration) : undefined),
    onEnd: (event) => (event.outcome === 'interrupted' ? save(event.iteration) : undefined),
    lastCheckpoint: () => last,
  };
}

/** Options of {@link evaluationHook}. */
export interface EvaluationHookOptions {
  readonly every: number;
  readonly evaluate: (iteration: number) => Promise<Scalars>;
  /** Name under which the loggers get the numbers. Default `evaluation`. */
  readonly group?: string;
}

/** Evaluates every few iterations and at the end. */
export function evaluationHook(options: EvaluationHookOptions): Hook {
  const { every, evaluate, group = 'evaluation' } = options;
  requireWholeNumber(every, 1, `a period of ${every} iterations`);
  return {
    async onStep(event) {
      if (isDue(event, every)) await event.emit(group, await evaluate(event.iteration));
    },
  };
}
