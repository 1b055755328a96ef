/** Result of probing a backend on this machine. */
export interface BackendProbe {
  /** Versions of the packages that it needs, by name, if installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether it computes on a GPU; software that emulates one does not count. */
  readonly gpu: boolean;
  /** The GPU, or the software that emulates it. */
  readonly device?: string;
  /** Why it cannot be used here, in one sentence; `undefined` if it can. */
  readonly problem?: string;
}
