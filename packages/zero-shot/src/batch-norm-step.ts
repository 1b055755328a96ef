import type { RandomStream } from '@unseen/core';
import { BatchNorm, type Losses, type Module, movingStatistics, updateStatistics } from '@unseen/nn';
import type { Engine, Executable, Feeds, RunResult, Updater } from '@unseen/tensor';
import { applyGradients, type Optimizers, readScalars } from './optimization.ts';

/** Runs a program that normalises by the statistics of its batch (`trackStatistics`), and moves the running statistics. */
export class BatchNormStep {
  private readonly executable: Executable;
  private readonly norms: readonly BatchNorm[];
  private readonly statistics: readonly string[];
  private readonly updater: Updater | undefined;

  /** `engine` is that of the executable. */
  constructor(executable: Executable, network: Module, engine: Engine) {
    this.executable = executable;
    // On the host, the statistics are moved in double precision.
    this.updater = engine.device && engine.updater(movingStatistics);
    this.norms = network.descendants(BatchNorm);
    this.statistics = Object.keys(executable.outputs).filter((name) => name.startsWith('norm.'));
  }

  /** One update of the networks; returns the outputs that are named. */
  async run(
    feeds: Feeds,
    optimizers: Optimizers,
    iteration: number,
    names: readonly string[],
    random?: RandomStream,
  ): Promise<Losses> {
    const result = await this.look(feeds, random);
    applyGradients(result, optimizers, iteration);
    return () => readScalars(this.executable, result, names);
  }

  /** A run that updates nothing but the running statistics. */
  async look(feeds: Feeds, random?: RandomStream): Promise<RunResult> {
    const result = this.executable.run(feeds, random);
    await updateStatistics(this.norms, result, { outputs: this.statistics, updater: this.updater });
    return result;
  }

  dispose(): void {
    this.updater?.dispose();
    this.executable.dispose();
  }
}
