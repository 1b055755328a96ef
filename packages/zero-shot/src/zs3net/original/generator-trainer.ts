import type { RandomStream } from '@unseen/core';
import type { Engine, Executable, Feeds } from '@unseen/tensor';
import { applyGradients, type ScheduledOptimizer } from '../../optimization.ts';
import type { GmmnChoices } from '../settings.ts';
import { type Generation, generateStep, matchStep } from './generator-steps.ts';

/** Options of {@link GeneratorTrainer}. */
export interface GeneratorTrainerOptions {
  /** What is generated in a run of so many rows. */
  generation(rows: number): Generation;
  /** Of the features. */
  readonly channels: number;
  readonly choices: GmmnChoices;
  readonly optimizer: ScheduledOptimizer;
}

/** Rows that are generated, and real ones to compare them with. */
export interface RealRows {
  /** Inputs of the generation. */
  readonly feeds: Feeds;
  /** [rows · channels] */
  readonly real: Float32Array;
  /** 1 where a row counts: [rows]. */
  readonly mask: Float32Array;
}

/** Trains a generator and lets it generate, on one graph for each number of rows. */
export class GeneratorTrainer {
  private readonly engine: Engine;
  private readonly options: GeneratorTrainerOptions;
  private readonly executables = new Map<string, Executable>();

  constructor(engine: Engine, options: GeneratorTrainerOptions) {
    this.engine = engine;
    this.options = options;
  }

  /** One update of the generator at the rate of an iteration; returns the loss. */
  async match({ feeds, real, mask }: RealRows, iteration: number, random: RandomStream): Promise<number> {
    const { generation, channels, choices, optimizer } = this.options;
    const rows = mask.length;
    const executable = this.executable(`match ${rows}`, () => matchStep(generation(rows), { channels, choices }));
    const order = Int32Array.from(mask, (_, row) => row);
    const result = executable.run({ ...feeds, real, order, mask }, random);
    applyGradients(result, { match: optimizer }, iteration);
    return result.scalar('match');
  }

  /** Features [rows · channels], a copy of their own. */
  async generate(feeds: Feeds, rows: number, random: RandomStream): Promise<Float32Array> {
    const executable = this.executable(`generate ${rows}`, () => generateStep(this.options.generation(rows)));
    return (await executable.run(feeds, random).read('fake')).slice();
  }

  dispose(): void {
    for (const executable of this.executables.values()) executable.dispose();
  }

  private executable(key: string, program: () => Parameters<Engine['compile']>[0]): Executable {
    const known = this.executables.get(key);
    if (known) return known;
    const executable = this.engine.compile(program());
    this.executables.set(key, executable);
    return executable;
  }
}
