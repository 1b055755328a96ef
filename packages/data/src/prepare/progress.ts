/** Where work shows how far it is. */
export interface PrepareProgress {
  stage(
    name: string,
    event: 'start' | 'skip' | 'done',
    place: { readonly index: number; readonly count: number },
  ): void;
  update(done: number, total: number, note?: string): void;
  /** Something that users should know. */
  note(text: string): void;
}

/** Progress that nobody looks at. */
export const SILENT: PrepareProgress = { stage: () => undefined, update: () => undefined, note: () => undefined };
