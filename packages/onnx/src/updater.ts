import {
  type HostTensor,
  hostTensor,
  Parameter,
  type Session,
  type Shape,
  Tape,
  type UpdateRule,
  type Updater,
} from '@unseen/tensor';
import type { OnnxGraph } from './graph.ts';
import { lower } from './lower.ts';
import { inputName } from './lowering.ts';
import { type Node, reachable } from './node.ts';
import { Recorder } from './recorder.ts';
import { addStop } from './stop.ts';

/** Elements per run: everything that it reads, writes and computes in between fits into the cache of a core. */
const chunk = 49152;
const allowed = new Set(
  [
    'input add sub mul div maximum neg exp log sqrt square abs relu relu6 leakyRelu sigmoid tanh softplus step',
    'constant identity',
  ].flatMap((names) => names.split(' ')),
);

/** Provides a session for a graph, and a function that releases it. */
export type AcquireSession = (
  graph: OnnxGraph,
  name: string,
) => { readonly session: Session; readonly release: () => void };

/** An {@link UpdateRule} as a small graph, run in place over pieces of weights, gradient and state. */
export class CompiledUpdater implements Updater {
  private readonly rule: UpdateRule;
  private readonly session: Session;
  private readonly release: () => void;
  private readonly names: readonly string[];
  private readonly fed: ReadonlySet<string>;
  /** Buffers for arrays that cannot be written while they are read. */
  private readonly detours = new Map<string, Float32Array>();

  constructor(rule: UpdateRule, acquire: AcquireSession) {
    const recorder = new Recorder(false);
    const vector = (name: string, shape: Shape = [chunk]) => recorder.input(name, { shape, dtype: 'float32' });
    const state = Object.fromEntries(rule.slots.map((name) => [name, vector(`slot ${name}`)]));
    const scalars = Object.fromEntries(rule.scalars.map((name) => [name, vector(`scalar ${name}`, [1])]));
    const weights = vector('weights');
    const updated = rule.update<Node>(new Tape(recorder), weights, vector('gradient'), state, scalars);
    const old = [weights, ...rule.slots.map((name) => state[name])];
    const wanted = [updated.weights, ...rule.slots.map((name) => updated.slots[name])];
    checkElementwise(rule, wanted);
    const lowered = lower(wanted, { freeSize: { size: chunk, name: 'n' } });
    addStop(lowered.graph);
    this.rule = rule;
    this.names = lowered.results.map(({ name }) => lowered.graph.result(name, ['n']));
    this.fed = new Set(lowered.graph.inputs.map(({ name }) => name));
    const { session, release } = acquire(lowered.graph, rule.name);
    this.session = session;
    this.release = release;
    for (const [i, name] of this.names.entries())
      if (!writableInPlace(old[i], wanted[i], wanted)) this.detours.set(name, new Float32Array(chunk));
  }

  apply(
    parameter: Parameter,
    gradient: unknown,
    slots: Readonly<Record<string, Parameter>>,
    scalars: Readonly<Record<string, number>>,
  ): void {
    const given = gradient instanceof Parameter ? gradient.values : gradient;
    if (!(given instanceof Float32Array))
      throw new Error(`the gradient for '${this.rule.name}' does not come from this engine`);
    const arrays = [parameter.values, ...this.rule.slots.map((name) => slots[name].values)];
    const feeds: Record<string, HostTensor> = {};
    const feed = (name: string, values: Float32Array) => {
      if (this.fed.has(inputName(name))) feeds[inputName(name)] = hostTensor(values, [values.length]);
    };
    for (const name of this.rule.scalars) feed(`scalar ${name}`, Float32Array.of(scalars[name]));
    for (let begin = 0; begin < given.length; begin += chunk) {
      const end = Math.min(begin + chunk, given.length);
      const parts = arrays.map((array) => array.subarray(begin, end));
      feed('gradient', given.subarray(begin, end));
      feed('weights', parts[0]);
      this.rule.slots.forEach((name, i) => {
        feed(`slot ${name}`, parts[i + 1]);
      });
      const targets = parts.map((part, i) => this.detours.get(this.names[i])?.subarray(0, end - begin) ?? part);
      const outputs = targets.map((target, i) => [this.names[i], hostTensor(target, [end - begin])]);
      this.session.run(feeds, Object.fromEntries(outputs));
      for (const [i, part] of parts.entries()) if (targets[i] !== part) part.set(targets[i]);
    }
    parameter.version++;
    for (const name of this.rule.slots) slots[name].version++;
  }

  dispose(): void {
    this.release();
  }
}

function checkElementwise(rule: UpdateRule, wanted: readonly Node[]): void {
  for (const { operation, shape } of reachable(wanted))
    if (!allowed.has(operation) || (shape.length > 0 && shape.join() !== `${chunk}` && shape.join() !== '1'))
      throw new Error(`the update rule '${rule.name}' uses '${operation}', which is not element-wise`);
}

/**
 * Whether the new values may overwrite the old ones: everything that reads the old ones must be computed first, so the
 * new values must depend on it, or it must be their last step.
 */
function writableInPlace(old: Node, updated: Node, wanted: readonly Node[]): boolean {
  const before = new Set(reachable([updated]));
  return updated !== old && reachable(wanted).every((node) => !node.inputs.includes(old) || before.has(node));
}
