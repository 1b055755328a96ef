import type { RandomStream } from '@unseen/core';
import type { Ops } from './ops.ts';
import type { Parameter } from './parameter.ts';
import type { OperatorTime } from './run-profile.ts';
import type { Shape } from './shape.ts';

/** An input that is fed at every run. Integer inputs are labels and indices. */
export interface InputSpec {
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
}

/** Result of describing a program: named outputs, and the losses to differentiate. */
export interface Described<V> {
  readonly outputs: Readonly<Record<string, V>>;
  /**
   * Each loss (a scalar) with the parameters that it trains. All gradients are taken at the same weights, before any
   * update. A parameter may belong to several losses; their gradients are kept apart, by the name of the loss.
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

/** Gradients of one loss, in the engine's own form; valid until the next run of the same executable. */
export type Gradients = ReadonlyMap<Parameter, unknown>;

/** Result of a run. Losses are outputs too, under their names. */
export interface RunResult {
  /** An output's values, in the order of its shape; valid until the next run of the same executable. */
  read(output: string): Promise<Float32Array>;
  /** An output of one element. */
  scalar(output: string): Promise<number>;
  /** An output in the engine's own form, which an {@link Updater} takes like a gradient; only on eager engines. */
  held?(output: string): unknown;
  readonly gradients: Readonly<Record<string, Gradients>>;
}

/** A program compiled by an engine, for fixed input shapes. */
export interface Executable {
  readonly outputs: Readonly<Record<string, Shape>>;
  /** `random` feeds `Ops.normal` and `Ops.bernoulli`, in the order of the description; required if they are used. */
  run(feeds: Feeds, random?: RandomStream): RunResult;
  /** The operators of all runs so far, if the engine times them. */
  profile?(): readonly OperatorTime[];
  dispose(): void;
}

/** The update rule of an optimizer, described once for one array of weights with its gradient and state. */
export interface UpdateRule {
  readonly name: string;
  /** Names of the state arrays, each of the size of the weights and initially zero. */
  readonly slots: readonly string[];
  /** Names of the numbers that change from step to step (learning rate, bias corrections, …). */
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
  /** Inference with the current weights, which an engine may fold into constants. Default false. */
  readonly frozen?: boolean;
}

/** A device with its own memory that an engine computes on. */
export interface Device {
  /** Such as `NVIDIA H100 (nvidia hopper, vulkan)`. */
  readonly name: string;
  /** Number of transfers to the host so far. For each, the host waits for all earlier work. */
  readonly readBacks: number;
  /** Memory reserved on it, if known. */
  readonly allocatedBytes: number | undefined;
  /** Waits until all submitted work is done. */
  finish(): Promise<void>;
}

/** Runs programs: compiled to ONNX graphs, or eagerly on a TF.js backend. */
export interface Engine {
  /** `onnxruntime` (compiled, or TF.js on its kernels), `cpu`, `webgpu`, `tensorflow`. */
  readonly name: string;
  /** Absent if weights and results are in the host's memory, where reading them costs nothing. */
  readonly device?: Device;
  compile(program: Program, options?: CompileOptions): Executable;
  updater(rule: UpdateRule): Updater;
  /** Copies values from the device to `Parameter.values`. */
  pull(parameters: Iterable<Parameter>): Promise<void>;
  dispose(): void;
}
