/** What was found out about a backend on this machine. */
export interface BackendProbe {
  /** Of the packages that it computes with, by name, as far as they are installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether it computes on a GPU; a program that imitates one is none. */
  readonly gpu: boolean;
  /** The GPU, or what imitates it. */
  readonly device?: string;
  /** Why it cannot be used here, in one sentence; `undefined` where it can. */
  readonly problem?: string;
}
