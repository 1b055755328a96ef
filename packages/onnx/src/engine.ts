import { createHash } from 'node:crypto';
import { UserError } from '@unseen/core';
import {
  type CompileOptions,
  createSession,
  type Engine,
  onnxruntimeProblem,
  type Program,
  type Session,
  type UpdateRule,
} from '@unseen/tensor';
import { blockSize } from './block-size.ts';
import { recordProgram } from './description.ts';
import { CompiledExecutable } from './executable.ts';
import type { OnnxGraph } from './graph.ts';
import { lower } from './lower.ts';
import { addStop } from './stop.ts';
import { CompiledUpdater } from './updater.ts';

/** Options of {@link createCompiledEngine}. */
export interface CompiledEngineOptions {
  /** Threads of one operation; default: all cores. */
  readonly threads?: number;
  /** Number of compiled graphs to keep once no executable uses them; default 16. */
  readonly cachedGraphs?: number;
  /** Use the runtime's blocked convolutions when they are faster; default true. */
  readonly blocked?: boolean;
  /** False: copy results, as with a binding that cannot write them in place (see `createSession`). Default true. */
  readonly direct?: boolean;
  /** Time each operator of a graph, for `CompiledExecutable.profile`. Default false. */
  readonly profile?: boolean;
}

/** An engine whose programs are ONNX graphs run by ONNX Runtime. */
export interface CompiledEngine extends Engine {
  /** If frozen, the current weights become constants of the graph, and losses have values but no gradients. */
  compile(program: Program, options?: CompileOptions): CompiledExecutable;
  /** Number of graphs compiled so far, without those found in the cache. */
  readonly compilations: number;
}

interface CachedSession {
  readonly session: Session;
  users: number;
}

/**
 * The engine for the CPU: a program with its losses and all their gradients is one ONNX graph, and one run of ONNX
 * Runtime computes it, reading the weights in place. Graphs are cached by structure and shapes, so compiling the same
 * network again, or for an earlier shape, is free.
 * @throws UserError if ONNX Runtime has no binary for this machine
 *
 * @example
 * import { createCompiledEngine } from '@unseen/onnx';
 * import { Parameter } from '@unseen/tensor';
 *
 * const weight = new Parameter([2], { values: Float32Array.of(1, -3) });
 * const step = createCompiledEngine().compile({
 *   name: 'squares',
 *   inputs: {},
 *   training: true,
 *   describe: (ops) => {
 *     const value = ops.sum(ops.square(ops.parameter(weight)));
 *     return { outputs: {}, losses: { loss: { value, parameters: [weight] } } };
 *   },
 * });
 * const { gradients } = step.run({});
 * gradients.loss.get(weight); // → Float32Array.of(2, -6)
 */
export function createCompiledEngine(options: CompiledEngineOptions = {}): CompiledEngine {
  const { threads, cachedGraphs = 16, blocked = true, direct = true, profile = false } = options;
  const problem = onnxruntimeProblem();
  if (problem) throw new UserError({ given: `ONNX Runtime cannot be used here: ${problem}`, remedy: "use 'cpu'" });
  const sessions = new Map<string, CachedSession>();
  let compilations = 0;

  function evict(): void {
    const idle = [...sessions].filter(([, { users }]) => users === 0);
    for (const [key, { session }] of idle.slice(0, Math.max(0, idle.length - cachedGraphs))) {
      session.dispose();
      sessions.delete(key);
    }
  }

  function load(graph: OnnxGraph, model: Uint8Array, name: string): CachedSession {
    compilations++;
    return { session: createSession(model, { name, threads, direct, profile, apart: graph.apart }), users: 0 };
  }

  function acquire(graph: OnnxGraph, name: string): { readonly session: Session; readonly release: () => void } {
    const model = graph.encode(name);
    const hash = createHash('sha256').update(model);
    for (const values of graph.apart.values()) hash.update(values);
    const key = hash.digest('base64');
    const entry = sessions.get(key) ?? load(graph, model, name);
    sessions.delete(key);
    sessions.set(key, entry);
    entry.users++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      entry.users--;
      evict();
    };
    return { session: entry.session, release };
  }

  return {
    name: 'onnxruntime',

    get compilations() {
      return compilations;
    },

    compile(program, { frozen = false } = {}) {
      const described = recordProgram(program);
      const recorded = frozen ? { ...described, gradients: new Map() } : described;
      const gradients = [...recorded.gradients.values()].flatMap((parts) => [...parts.values()]);
      const wanted = [...recorded.outputs.values(), ...gradients];
      const lowered = lower(wanted, frozen ? { frozen, apart: true } : { block: blocked ? blockSize() : undefined });
      addStop(lowered.graph);
      const results = lowered.results.map((result) => ({
        ...result,
        name: lowered.graph.result(result.name, result.dims),
      }));
      const { session, release } = acquire(lowered.graph, program.name);
      return new CompiledExecutable({ program, recorded, lowered: { ...lowered, results }, session, release });
    },

    updater: (rule: UpdateRule) => new CompiledUpdater(rule, acquire),

    async pull() {
      // The weights are in host memory, where the graphs read and write them.
    },

    dispose() {
      for (const { session } of sessions.values()) session.dispose();
      sessions.clear();
    },
  };
}
