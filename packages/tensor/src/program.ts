import type { RandomStream } from '@unseen/core';
import type { Ops } from './ops.ts';
import type { Parameter } from './parameter.ts';
import type { OperatorTime } from './run-profile.ts';
import type { Shape } from './shape.ts';

/** What is fed at every run. Integer inputs are labels and indices. */
export interface InputSpec {
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
}

/** Result of describing a program: named outputs, and the losses whose gradients are wanted. */
export interface Described<V> {
  readonly outputs: Readonly<Record<string, V>>;
  /**
   * Each loss (a scalar) with the parameters that it trains. All gradients are taken at the same weights (simultaneous);
   * a parameter may stand in several losses: the gradients are kept apart, by the loss's name.
   */
  readonly losses?: Readonly<Record<string, { readonly value: V; readonly parameters: readonly Parameter[] }>>;
}

/** A computation described once against {@link Ops}: a training step with its losses, or an inference. */
export interface Program {
  /** For messages and caches. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Default false. */
  readonly training?: boolean;
  describe<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>): Described<V>;
}

/** Values fed to a run, by input name. */
export type Feeds = Readonly<Record<string, Float32Array | Int32Array | Uint8Array>>;

/** Gradients of one loss, as the engine that made them keeps them; valid until the next run of the same executable. */
export type Gradients = ReadonlyMap<Parameter, unknown>;

/** What a run gave. Losses are outputs too, under their names. */
export interface RunResult {
  /** An output's values, in the order of its shape; valid until the next run of the same executable. */
  read(output: string): Promise<Float32Array>;
  /** An output of one element. */
  scalar(output: string): Promise<number>;
  /** An output where the engine keeps it, to be given to an {@link Updater} like a gradient; of eager engines. */
  held?(output: string): unknown;
  readonly gradients: Readonly<Record<string, Gradients>>;
}

/** A program made ready by an engine, for fixed input shapes. */
export interface Executable {
  readonly outputs: Readonly<Record<string, Shape>>;
  /** `random` feeds `Ops.normal` and `Ops.bernoulli`, in the order of the description; needed when those are used. */
  run(feeds: Feeds, random?: RandomStream): RunResult;
  /** The operators of all runs so far, where the engine times them. */
  profile?(): readonly OperatorTime[];
  dispose(): void;
}

/** An update rule of an optimizer, described once: one array of weights with its gradient and its state. */
export interface UpdateRule {
  readonly name: string;
  /** Names of the arrays of state, each of the size of the weights, zero at the beginning. */
  readonly slots: readonly string[];
  /** Names of the numbers that change from step to step (learning rate, bias corrections…). */
  readonly scalars: readonly string[];
  /** New weights and new slots from the old ones; every value is a vector of the same length, scalars have shape [1]. */
  update<V>(
    ops: Ops<V>,
    weights: V,
    gradient: V,
    slots: Readonly<Record<string, V>>,
    scalars: Readonly<Record<string, V>>,
  ): { weights: V; slots: Record<string, V> };
}

/** Applies an {@link UpdateRule} in place to parameters and their state. */
export interface Updater {
  /** `gradient` is a gradient or a held output of this engine's last run, or another parameter, for its current values. */
  apply(
    parameter: Parameter,
    gradient: unknown,
    slots: Readonly<Record<string, Parameter>>,
    scalars: Readonly<Record<string, number>>,
  ): void;
  dispose(): void;
}

/** Options of {@link Engine.compile}. */
export interface CompileOptions {
  /** Inference with the weights' present values, which an engine may fold into constants. Default false. */
  readonly frozen?: boolean;
}

/** What an engine computes on, where that has memory of its own. */
export interface Device {
  /** Such as `NVIDIA H100 (nvidia hopper, vulkan)`. */
  readonly name: string;
  /** How often values were brought to the host so far: each time the host waits for all that was asked for before. */
  readonly readBacks: number;
  /** Memory that is reserved on it, where that is known. */
  readonly allocatedBytes: number | undefined;
  /** Waits until everything that it was asked for is computed. */
  finish(): Promise<void>;
}

/** A way of running programs: compiled to ONNX graphs, or eagerly on a TF.js backend. */
export interface Engine {
  /** `onnxruntime` (compiled, or TF.js on its kernels), `cpu`, `webgpu`, `tensorflow`. */
  readonly name: string;
  /** Absent where weights and results lie in the host's memory, so that reading them costs nothing. */
  readonly device?: Device;
  compile(program: Program, options?: CompileOptions): Executable;
  updater(rule: UpdateRule): Updater;
  /** Brings values that live on a device back to `Parameter.values`. */
  pull(parameters: Iterable<Parameter>): Promise<void>;
  dispose(): void;
}
