import type { RandomStream } from '@unseen/core';
import { ProgramCache, readLosses, type ScheduledOptimizer, TrainingStep } from '@unseen/nn';
import type { Engine, Feeds } from '@unseen/tensor';
import type { GmmnChoices } from '../settings.ts';
import { type Generation, generateStep, matchStep } from './generator-steps.ts';

/** Options of {@link GeneratorTrainer}. */
export interface GeneratorTrainerOptions {
  /** What is generated for a number of rows. */
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
  private readonly matching: TrainingStep<number>;
  private readonly generating: ProgramCache<number>;

  constructor(engine: Engine, { generation, channels, choices, optimizer }: GeneratorTrainerOptions) {
    this.matching = new TrainingStep({
      engine,
      optimizers: { match: optimizer },
      program: (rows) => matchStep(generation(rows), { channels, choices }),
    });
    this.generating = new ProgramCache(engine, (rows) => generateStep(generation(rows)));
  }

  /** One update of the generator at the learning rate of an iteration; returns the loss. */
  async match({ feeds, real, mask }: RealRows, iteration: number, random: RandomStream): Promise<number> {
    const order = Int32Array.from(mask, (_, row) => row);
    const losses = await this.matching.run({ ...feeds, real, order, mask }, { iteration, random }, mask.length);
    return (await readLosses(losses)).match;
  }

  /** Features [rows · channels], a copy of their own. */
  async generate(feeds: Feeds, rows: number, random: RandomStream): Promise<Float32Array> {
    return (await this.generating.get(rows).run(feeds, random).read('fake')).slice();
  }

  dispose(): void {
    this.matching.dispose();
    this.generating.dispose();
  }
}
