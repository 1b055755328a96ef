import { requireWholeNumber } from '@unseen/core';

/** Numbers by name, in display order. */
export type Scalars = Readonly<Record<string, number>>;

/** Losses of a step, or a function that fetches them: a device keeps computing until they are read. */
export type Losses = Scalars | (() => Promise<Scalars>);

/** Fetches the losses of a step if necessary; valid until the next step. */
export async function readLosses(losses: Losses): Promise<Scalars> {
  return typeof losses === 'function' ? losses() : losses;
}

/** Position of a loop when a hook is called. */
export interface LoopEvent {
  /** Completed iterations. */
  readonly iteration: number;
  readonly iterations: number;
}

/** Passed to hooks after each iteration. */
export interface StepEvent extends LoopEvent {
  /** The losses that were read last: those of this step unless they are still on a device. */
  readonly scalars: Scalars;
  /** Passes further numbers, such as those of an evaluation, to the loggers. */
  readonly emit: (group: string, scalars: Scalars) => Promise<void>;
}

/** Numbers for the loggers; those of training steps have the group `train`. */
export interface ScalarsEvent extends LoopEvent {
  readonly group: string;
  readonly scalars: Scalars;
}

/** Side work of a `TrainingLoop`. Hooks are called one after another, in order. */
export interface Hook {
  onStart?(event: LoopEvent): Promise<void> | void;
  onScalars?(event: ScalarsEvent): Promise<void> | void;
  onStep?(event: StepEvent): Promise<void> | void;
  /** Always called at the end, even after an error. */
  onEnd?(event: LoopEvent & { readonly outcome: 'completed' | 'interrupted' | 'failed' }): Promise<void> | void;
  /** Path and iteration of the latest checkpoint, from hooks that write them; mentioned when a loss is not finite. */
  lastCheckpoint?(): { readonly path: string; readonly iteration: number } | undefined;
}

/** Whether something that is done every `every` iterations is due now; it always is at the last iteration. */
export function isDue({ iteration, iterations }: LoopEvent, every: number): boolean {
  return iteration % every === 0 || iteration === iterations;
}

/** Options of {@link checkpointHook}. */
export interface CheckpointHookOptions {
  readonly every: number;
  /** Writes the checkpoint of an iteration and returns its path. */
  readonly save: (iteration: number) => Promise<string>;
  /** The checkpoint from which a run was resumed. */
  readonly resumed?: { readonly path: string; readonly iteration: number };
}

/** Writes a checkpoint every few iterations, at the end and on interruption, but never after a failure. */
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
