/** The name that a tensor of published weights has here; `undefined` where this toolkit's network has no such tensor. */
export type Rename = (name: string) => string | undefined;

/** A pattern of published names, and what its groups become. */
export type NameRule = readonly [pattern: RegExp, name: (...groups: string[]) => string | undefined];

/** The first rule whose pattern matches gives the name. */
export function byRules(rules: readonly NameRule[]): Rename {
  return (name) => {
    for (const [pattern, rename] of rules) {
      const match = pattern.exec(name);
      if (match) return rename(...match.slice(1));
    }
    return undefined;
  };
}

/** How a family of published weights names its tensors, for one network of this toolkit. */
export interface WeightNames {
  /** What users know the family as. */
  readonly family: string;
  readonly rename: Rename;
  /**
   * Order of the file's axes among those of this toolkit's filters (`[3, 2, 0, 1]`: our first axis is the file's fourth).
   * Default: PyTorch's order, which is ours.
   */
  readonly axes?: (name: string) => readonly number[] | undefined;
  /** Tensors that the family's files have and the network does not need, and what they are. */
  readonly others: readonly (readonly [pattern: RegExp, what: string])[];
}
