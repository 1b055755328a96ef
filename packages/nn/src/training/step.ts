import type { RandomStream } from '@unseen/core';
import type { CompileOptions, Engine, Executable, Feeds, Program, RunResult, Updater } from '@unseen/tensor';
import { BatchNorm, movingStatistics, updateStatistics } from '../layers/batch-norm.ts';
import type { Module } from '../module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Schedule } from '../optim/schedules.ts';
import type { Losses, Scalars } from './hooks.ts';

/** An optimizer with the learning rate of each iteration. */
export interface ScheduledOptimizer {
  readonly optimizer: Optimizer;
  readonly learningRate: Schedule;
}

/** Optimizers by the loss whose gradients they apply. */
export type ScheduledOptimizers = Readonly<Record<string, ScheduledOptimizer>>;

/** The optimizers alone, as checkpoints store them. */
export function optimizersOf(scheduled: ScheduledOptimizers): Record<string, Optimizer> {
  return Object.fromEntries(Object.entries(scheduled).map(([name, { optimizer }]) => [name, optimizer]));
}

/** Applies every gradient of a run. All were taken before the first update, whatever the order here. */
export function applyGradients(result: RunResult, optimizers: ScheduledOptimizers, iteration: number): void {
  for (const [loss, gradients] of Object.entries(result.gradients)) {
    const { optimizer, learningRate } = optimizers[loss];
    optimizer.step(gradients, learningRate(iteration));
  }
}

/** Outputs of a run that are single numbers; default: all but the statistics of batch normalisations. */
export async function readScalars(
  executable: Executable,
  result: RunResult,
  names: readonly string[] = Object.keys(executable.outputs).filter((name) => !isStatistic(name)),
): Promise<Scalars> {
  const values = await Promise.all(names.map((name) => result.scalar(name)));
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** Executables of one program for several sizes, each compiled when it is first asked for. */
export class ProgramCache<K> {
  private readonly engine: Engine;
  private readonly program: (key: K) => Program;
  private readonly options: CompileOptions;
  private readonly executables = new Map<string, Executable>();

  constructor(engine: Engine, program: (key: K) => Program, options: CompileOptions = {}) {
    this.engine = engine;
    this.program = program;
    this.options = options;
  }

  /** The executable for a key; keys are told apart by their text. */
  get(key: K): Executable {
    const name = String(key);
    const known = this.executables.get(name);
    if (known) return known;
    const executable = this.engine.compile(this.program(key), this.options);
    this.executables.set(name, executable);
    return executable;
  }

  dispose(): void {
    for (const executable of this.executables.values()) executable.dispose();
    this.executables.clear();
  }
}

/** What a {@link TrainingStep} is made of. */
export interface TrainingStepOptions<K> {
  readonly engine: Engine;
  /** The step for a key, such as a number of labelled positions; steps of one size ignore it. */
  readonly program: (key: K) => Program;
  readonly optimizers: ScheduledOptimizers;
  /** Networks whose batch normalisations the program tracks (`trackStatistics`). Default: none. */
  readonly tracked?: Module;
  readonly compile?: CompileOptions;
}

/** One iteration of a step. */
export interface StepRun {
  readonly iteration: number;
  readonly random?: RandomStream;
}

/**
 * A described training step, ready to run: computes all losses and gradients at the present weights, moves the running
 * statistics of tracked batch normalisations, then updates the weights of every loss by its optimizer.
 */
export class TrainingStep<K = undefined> {
  private readonly cache: ProgramCache<K>;
  private readonly optimizers: ScheduledOptimizers;
  private readonly norms: readonly BatchNorm[];
  private readonly statistics: Updater | undefined;

  constructor({ engine, program, optimizers, tracked, compile }: TrainingStepOptions<K>) {
    this.cache = new ProgramCache(engine, program, compile);
    this.optimizers = optimizers;
    this.norms = tracked?.descendants(BatchNorm) ?? [];
    // On the host, the statistics are moved in double precision.
    this.statistics = engine.device && this.norms.length > 0 ? engine.updater(movingStatistics) : undefined;
  }

  /** One update; returns the losses, which are fetched when asked for, until the next step. */
  async run(feeds: Feeds, { iteration, random }: StepRun, key: K = undefined as K): Promise<Losses> {
    const result = await this.look(feeds, random, key);
    applyGradients(result, this.optimizers, iteration);
    return () => readScalars(this.cache.get(key), result);
  }

  /** A run that updates nothing but running statistics. */
  async look(feeds: Feeds, random?: RandomStream, key: K = undefined as K): Promise<RunResult> {
    const executable = this.cache.get(key);
    const result = executable.run(feeds, random);
    if (this.norms.length > 0) {
      const outputs = Object.keys(executable.outputs).filter(isStatistic);
      await updateStatistics(this.norms, result, { outputs, updater: this.statistics });
    }
    return result;
  }

  /** Shapes of the outputs of a step. */
  outputs(key: K = undefined as K): Executable['outputs'] {
    return this.cache.get(key).outputs;
  }

  dispose(): void {
    this.statistics?.dispose();
    this.cache.dispose();
  }
}

/** Outputs of `trackStatistics`. */
function isStatistic(output: string): boolean {
  return output.startsWith('norm.');
}
