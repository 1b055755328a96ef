import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { messageOf, UserError } from '@unseen/core';
import { type BindingSession, directOutputsModel, runCopying, runDirect, writesDirectly } from './direct-outputs.ts';
import type { HostArray, HostTensor, HostTensors } from './host-tensor.ts';
import { type OperatorTime, RunProfile } from './run-profile.ts';
import type { Shape } from './shape.ts';

/** The version whose private module path and handling of preallocated outputs this module relies on. */
export const ONNXRUNTIME_VERSION = '1.30.0';

/** Options of {@link createSession}. */
export interface SessionOptions {
  /** For messages. */
  readonly name?: string;
  /** Threads of one operation; default: all cores. */
  readonly threads?: number;
  /** Idle threads spin between the operations of a run: good for whole graphs, bad for many small sessions. */
  readonly spinning?: boolean;
  /** How far the runtime rewrites the graph; `all` fuses convolution, addition and activation. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /** False: the binding copies every output once more; for tests. */
  readonly direct?: boolean;
  /** Time each operator, for {@link Session.profile}; costs a little. Default false. */
  readonly profile?: boolean;
  /**
   * Values of constants that are stored outside the model, by the location that the model names. The runtime copies
   * them while it loads the model.
   */
  readonly apart?: ReadonlyMap<string, ArrayBufferView>;
}

/** A loaded model. */
export interface Session {
  /** Runs the model synchronously, reading `feeds` in place and writing into the arrays of `outputs`. */
  run(feeds: HostTensors, outputs: HostTensors): void;
  /** The operators of all runs so far; ends the profiling. Empty without {@link SessionOptions.profile}. */
  profile(): OperatorTime[];
  dispose(): void;
}

interface NativeSession extends BindingSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  endProfiling(): void;
  dispose(): void;
}

interface Runtime {
  readonly NativeSession: new () => NativeSession;
  readonly Tensor: new (type: 'float32' | 'int32' | 'uint8' | 'int64', data: HostArray, dims: Shape) => HostTensor;
}

let loaded: Runtime | undefined;
let problem: string | undefined;

function load(): Runtime {
  const require = createRequire(import.meta.url);
  // onnxruntime-node's public API is asynchronous and always copies, so its native binding is used directly.
  const { binding, initOrt } = require('onnxruntime-node/dist/binding.js');
  const { Tensor } = createRequire(require.resolve('onnxruntime-node'))('onnxruntime-common');
  initOrt();
  return { NativeSession: binding.InferenceSession, Tensor };
}

function isMusl(): boolean {
  const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
  return process.platform === 'linux' && report.header?.glibcVersionRuntime === undefined;
}

function runtime(): Runtime {
  const reason = onnxruntimeProblem();
  if (loaded) return loaded;
  throw new UserError({ given: `ONNX Runtime cannot be used here: ${reason}`, remedy: "use the backend 'cpu'" });
}

/** Why ONNX Runtime cannot run on this machine, in one sentence; `undefined` if it can. */
export function onnxruntimeProblem(): string | undefined {
  if (loaded || problem) return problem;
  try {
    loaded = load();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const place = `${process.platform}-${process.arch}`;
    if (isMusl()) problem = `onnxruntime-node has no binary for Linux with musl, only for glibc (${place})`;
    else if (code === 'MODULE_NOT_FOUND' && messageOf(error).includes('onnxruntime_binding.node'))
      problem = `onnxruntime-node has no binary for ${place}`;
    else problem = `onnxruntime-node did not load on ${place} (${messageOf(error).split('\n')[0]})`;
  }
  return problem;
}

/** The installed version of onnxruntime-node. */
export function onnxruntimeVersion(): string {
  return createRequire(import.meta.url)('onnxruntime-node/package.json').version;
}

/** Wraps an array for a session, without copying it. */
export function hostTensor(data: HostArray, shape: Shape): HostTensor {
  const type =
    data instanceof Float32Array
      ? 'float32'
      : data instanceof Int32Array
        ? 'int32'
        : data instanceof Uint8Array
          ? 'uint8'
          : 'int64';
  return new (runtime().Tensor)(type, data, shape);
}

function loadModel(model: Uint8Array, options: SessionOptions, profile?: RunProfile): NativeSession {
  const {
    name = 'a model',
    threads = availableParallelism(),
    spinning = true,
    optimization = 'all',
    apart = new Map(),
  } = options;
  const session = new (runtime().NativeSession)();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: optimization,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // With the pattern, a training step needs 40 % more memory and is no faster.
      enableMemPattern: false,
      ...profile?.options,
      externalData: [...apart].map(([path, { buffer, byteOffset, byteLength }]) => ({
        path,
        data: new Uint8Array(buffer, byteOffset, byteLength),
      })),
      extra: {
        session: {
          intra_op: { allow_spinning: spinning ? '1' : '0' },
          // Each session has its own threads; those of an idle session must not keep a core busy.
          force_spinning_stop: '1',
        },
        // A graph computes something twice in order not to keep it in memory.
        optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' },
      },
    });
  } catch (error) {
    throw new Error(`ONNX Runtime rejected ${name}: ${messageOf(error)}`, { cause: error });
  }
  return session;
}

let directWorks: boolean | undefined;

/**
 * Whether this binding writes preallocated outputs and then stops at the bfloat16 output before copying anything;
 * tested once on a tiny model.
 */
export function directOutputsWork(): boolean {
  if (directWorks !== undefined) return directWorks;
  const session = loadModel(directOutputsModel, { name: 'the check of direct outputs', threads: 1 });
  directWorks = writesDirectly(session, (values) => hostTensor(values, [3]));
  session.dispose();
  return directWorks;
}

/**
 * Loads an ONNX model for synchronous runs that write straight into preallocated arrays.
 *
 * The binding copies every output into a new array even when it was given one to write to (as costly as the arithmetic
 * of an element-wise operation). It converts the outputs in the order of the graph after the run, and it cannot convert
 * bfloat16: so a model whose **first** graph output is a bfloat16 scalar named `stop` (any cheap constant,
 * `Cast(Constant, to: 16)`) makes the binding stop there, with all preallocated outputs written and none copied. Every
 * model given to this function must have that output; it is never named in `outputs`. If the installed binding behaves
 * differently ({@link directOutputsWork}), outputs are copied and the results are the same.
 *
 * `outputs` of a run may name any subset of the model's outputs. An array may be fed and written by the same run only
 * when the operation reads each element before it writes it and the model has no other reader.
 * @throws UserError if ONNX Runtime has no binary (see {@link onnxruntimeProblem})
 */
export function createSession(model: Uint8Array, options: SessionOptions = {}): Session {
  // The runtime has copied the constants: nothing below may keep `options` alive.
  const { name = 'a model' } = options;
  let profile = options.profile ? new RunProfile() : undefined;
  const session = loadModel(model, options, profile);
  const direct = (options.direct ?? true) && directOutputsWork();
  const endProfile = () => {
    if (!profile) return [];
    session.endProfiling();
    const times = profile.take();
    profile = undefined;
    return times;
  };
  return {
    run(feeds, outputs) {
      try {
        if (direct) runDirect(session, feeds, outputs);
        else runCopying(session, feeds, outputs);
      } catch (error) {
        throw new Error(`ONNX Runtime failed in ${name}: ${messageOf(error)}`, { cause: error });
      }
    },
    profile: endProfile,
    dispose() {
      endProfile();
      session.dispose();
    },
  };
}
