/** Maps a tensor's published name to ours; `undefined` if our network has no such tensor. */
export type Rename = (name: string) => string | undefined;

/** A pattern for published names, and a function from its groups to our name. */
export type NameRule = readonly [pattern: RegExp, name: (...groups: string[]) => string | undefined];

/** Renames by the first rule whose pattern matches. */
export function byRules(rules: readonly NameRule[]): Rename {
  return (name) => {
    for (const [pattern, rename] of rules) {
      const match = pattern.exec(name);
      if (match) return rename(...match.slice(1));
    }
    return undefined;
  };
}

/** A naming scheme of published weights, for one of our networks. */
export interface WeightNames {
  /** Name of the scheme for users. */
  readonly family: string;
  readonly rename: Rename;
  /**
   * Permutation from the file's axes to ours (`[3, 2, 0, 1]`: our first axis is the file's fourth). Default: PyTorch's
   * order, which is ours.
   */
  readonly axes?: (name: string) => readonly number[] | undefined;
  /** Tensors in such files that the network does not need, with a description. */
  readonly others: readonly (readonly [pattern: RegExp, what: string])[];
}
