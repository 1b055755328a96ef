/** Where a run tells how far it is; the command line draws it. */
export interface Progress {
  stage(
    name: string,
    event: 'start' | 'skip' | 'done',
    position: { readonly index: number; readonly count: number },
  ): void;
  update(done: number, total: number, note?: string): void;
  warn(sentence: string): void;
  /** Something about the run as a whole. */
  note?(sentence: string): void;
}

/** The progress that a stage reports. */
export interface StageProgress {
  /**
   * Tells how much is done (any unit) with a short note such as a loss. Await it once a step: it also lets the process
   * receive signals, so that `StageContext.signal` is up to date.
   */
  update(done: number, total: number, note?: string): Promise<void>;
  /** Something that the user should know but that does not stop the run; it is logged too. */
  warn(sentence: string): void;
}

/** Shows nothing. */
export const silentProgress: Progress = { stage() {}, update() {}, warn() {} };
