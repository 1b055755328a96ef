import type { Ops } from '../ops.ts';
import type { PrimitiveOps } from './primitives.ts';

/** The operations available to gradient rules: all of them, each differentiable in turn. */
export type TapeOps<V> = Ops<V> & PrimitiveOps<V>;

/** One operation of a tape, seen from its gradient. */
export interface Call<V, A> {
  readonly ops: TapeOps<V>;
  readonly inputs: readonly V[];
  readonly output: V;
  /** Gradient that arrives at the output. */
  readonly dy: V;
  /** The operation's other arguments, complete. */
  readonly attributes: A;
}

/**
 * Gradients for the inputs, in their order, each made only when it is wanted; `undefined`: none flows to this input.
 * A rule is written once and serves every interpreter.
 */
export type Rule<A = undefined> = <V>(call: Call<V, A>) => readonly ((() => V) | undefined)[];
