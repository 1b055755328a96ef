import { requireWholeNumber } from '@unseen/core';

/** Numbers by name, in the order in which they are shown. */
export type Scalars = Readonly<Record<string, number>>;

/** Losses of a step, or how to fetch them: a device goes on computing as long as nobody asks. */
export type Losses = Scalars | (() => Promise<Scalars>);

/** Fetches the losses of a step where that is needed; only until the next step. */
export async function readLosses(losses: Losses): Promise<Scalars> {
  return typeof losses === 'function' ? losses() : losses;
}

/** Where a loop stands when a hook is called. */
export interface LoopEvent {
  /** Iterations that are done. */
  readonly iteration: number;
  readonly iterations: number;
}

/** What hooks see after each iteration. */
export interface StepEvent extends LoopEvent {
  /** The losses that were read last: those of this step, unless it left them on a device. */
  readonly scalars: Scalars;
  /** Hands further numbers (an evaluation's) to the loggers. */
  readonly emit: (group: string, scalars: Scalars) => Promise<void>;
}

/** Numbers for the loggers: those of the steps come as group `train`. */
export interface ScalarsEvent extends LoopEvent {
  readonly group: string;
  readonly scalars: Scalars;
}

/** Something that happens beside the steps of a `TrainingLoop`. Hooks are called one after the other, in their order. */
export interface Hook {
  onStart?(event: LoopEvent): Promise<void> | void;
  onScalars?(event: ScalarsEvent): Promise<void> | void;
  onStep?(event: StepEvent): Promise<void> | void;
  /** Always called at the end, also after an error; `outcome` says which end. */
  onEnd?(event: LoopEvent & { readonly outcome: 'completed' | 'interrupted' | 'failed' }): Promise<void> | void;
  /** Path and iteration of the newest checkpoint, from hooks that make them; named when a loss is not finite. */
  lastCheckpoint?(): { readonly path: string; readonly iteration: number } | undefined;
}

/** Whether something due every `every` iterations is due now; the last iteration always is. */
export function isDue({ iteration, iterations }: LoopEvent, every: number): boolean {
  return iteration % every === 0 || iteration === iterations;
}

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
