import type { SeedTree } from '@unseen/core';
import type { TensorValues } from '@unseen/formats';
import type { Engine, Feeds, OperatorTime, Parameter, Program, Shape } from '@unseen/tensor';

/** An array with its shape. */
export interface Tensor {
  readonly shape: Shape;
  readonly values: TensorValues;
}

/** What one step of both sides is compared by; names as PyTorch's side has them. */
export interface CheckCase {
  /** `weight.…`, `input.…`, `noise.0`, … */
  readonly given: ReadonlyMap<string, Tensor>;
  /** `output.…`, `gradient.<loss>.<weight>` */
  readonly expected: ReadonlyMap<string, Tensor>;
}

/** A benchmark made ready in this process. */
export interface PreparedBenchmark {
  /** Floating-point operations of a step, where they are known. */
  readonly flops?: number;
  /** What computes the step, where it is a program. */
  readonly engine?: Engine;
  /** What is timed. */
  step(): Promise<void>;
  /** What a step takes and gives, weights as they are. */
  check(): Promise<CheckCase>;
  /** The operators of all steps so far, in a benchmark of one graph prepared for it. */
  profile?(): readonly OperatorTime[];
  dispose(): Promise<void>;
}

/** What a benchmark is prepared with. */
export interface BenchmarkSetting {
  /** Threads of one operation. */
  readonly threads: number;
  readonly seeds: SeedTree;
  /** Makes what computes programs. Default: the compiled engine. */
  readonly createEngine?: () => Promise<Engine>;
  /** Note how long each operator of the graph takes. Default false. */
  readonly profile?: boolean;
  /** A folder for its files, removed later. */
  readonly folder: string;
}

/** Something that is timed, beside PyTorch if it has a counterpart. `S`: its sizes and choices, plain data. */
export interface BenchmarkDefinition<S extends object> {
  readonly name: string;
  /** What a step is, for tables. */
  readonly step: string;
  /** Name of the counterpart in `torch_bench.py`, which gets the same sizes; absent where PyTorch has none. */
  readonly torch?: string;
  /** Those that are timed. */
  readonly sizes: S;
  /** Tiny ones, for checks and tests. */
  readonly tiny: S;
  prepare(sizes: S, setting: BenchmarkSetting): Promise<PreparedBenchmark>;
}

/** A benchmark whose sizes are known to itself alone. */
export interface Benchmark extends Omit<BenchmarkDefinition<object>, 'prepare'> {
  prepare(scale: Scale, setting: BenchmarkSetting): Promise<PreparedBenchmark>;
}

/** Which of a benchmark's sizes. */
export type Scale = 'sizes' | 'tiny';

/** Makes a benchmark of its definition. */
export function defineBenchmark<S extends object>(definition: BenchmarkDefinition<S>): Benchmark {
  return { ...definition, prepare: (scale, setting) => definition.prepare(definition[scale], setting) };
}

/** A step that is one program, with what it is fed and how its gradients are applied. */
export interface ProgramStep {
  readonly program: Program;
  readonly feeds: Feeds;
  /** By their names on PyTorch's side. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** What the program has as constants and PyTorch's side as inputs. */
  readonly constants?: ReadonlyMap<string, Tensor>;
  /** How each loss's parameters are updated; default: not at all. */
  readonly optimizer?: 'sgd' | 'adam';
  /** Inference with constant weights. Default false. */
  readonly frozen?: boolean;
}

/** Weights by name, as {@link ProgramStep} takes them. */
export function weightsOf(parameters: ReadonlyMap<string, Parameter>): Map<string, Tensor> {
  return new Map([...parameters].map(([name, { shape, values }]) => [name, { shape, values }]));
}
