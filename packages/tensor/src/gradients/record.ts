import type { Rule, TapeOps } from './rule.ts';

interface Entry<V> {
  readonly inputs: readonly V[];
  gradients(ops: TapeOps<V>, dy: V): readonly ((() => V) | undefined)[];
}

/** The operations of a tape in the order of evaluation, and the backward walk over them. */
export class GradientRecord<V> {
  private readonly entries = new Map<V, Entry<V>>();

  /** Records that `output` was computed from `inputs` by the operation of `rule`; returns `output`. */
  add<A>(rule: Rule<A>, inputs: readonly V[], attributes: A, output: V): V {
    // An interpreter may return an input or an earlier value; neither needs another entry.
    if (!inputs.includes(output) && !this.entries.has(output)) {
      this.entries.set(output, {
        inputs,
        gradients: (ops, dy) => rule({ ops, inputs, output, dy, attributes }),
      });
    }
    return output;
  }

  /** The values that were computed from any of `by`, and `by` themselves. */
  private dependents(by: readonly V[]): Set<V> {
    const reached = new Set(by);
    for (const [output, { inputs }] of this.entries) {
      if (inputs.some((input) => reached.has(input))) reached.add(output);
    }
    return reached;
  }

  /** d(sum of `of`)/d(each of `by`), computed with `ops`; zeros for values that `of` does not depend on. */
  gradients(ops: TapeOps<V>, of: V, by: readonly V[]): V[] {
    const reached = this.dependents(by);
    const gradients = new Map<V, V>();
    if (reached.has(of)) gradients.set(of, ops.broadcastTo(ops.scalar(1), ops.shape(of)));
    // A copy, because the rules append entries to the record while they run.
    for (const [output, entry] of [...this.entries].reverse()) {
      const dy = gradients.get(output);
      if (dy === undefined || !entry.inputs.some((input) => reached.has(input))) continue;
      const parts = entry.gradients(ops, dy);
      entry.inputs.forEach((input, i) => {
        const part = reached.has(input) ? parts[i]?.() : undefined;
        if (part === undefined) return;
        const sum = gradients.get(input);
        gradients.set(input, sum === undefined ? part : ops.add(sum, part));
      });
    }
    return by.map((x) => gradients.get(x) ?? ops.broadcastTo(ops.scalar(0), ops.shape(x)));
  }
}
