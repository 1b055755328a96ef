/** The learning rate of an iteration (from 0). */
export type Schedule = (iteration: number) => number;

/** Options of the polynomial schedule. */
export interface PolyOptions {
  readonly rate: number;
  /** Where the rate reaches 0. */
  readonly iterations: number;
  /** Default .9. */
  readonly power?: number;
  /** The rate changes at multiples of this. Default 1. */
  readonly refreshEvery?: number;
}

/** Options of the stepwise decay. */
export interface StepDecayOptions {
  readonly rate: number;
  /** First iteration with a reduced rate. */
  readonly start: number;
  /** Iterations between reductions. */
  readonly every: number;
  readonly factor: number;
}

/**
 * Learning-rate schedules: `constant`; `poly`: rate · (1 - it / iterations)^power, refreshed every few iterations;
 * `stepDecay`: rate until `start`, then rate · factor^(⌊(it - start) / every⌋ + 1) (CaGNet's λ-schedule).
 */
export const schedules = {
  constant:
    (rate: number): Schedule =>
    () =>
      rate,

  poly({ rate, iterations, power = 0.9, refreshEvery = 1 }: PolyOptions): Schedule {
    return (iteration) => {
      if (iteration > iterations) throw new Error(`iteration ${iteration} is beyond the schedule's ${iterations}`);
      return rate * (1 - (Math.floor(iteration / refreshEvery) * refreshEvery) / iterations) ** power;
    };
  },

  stepDecay({ rate, start, every, factor }: StepDecayOptions): Schedule {
    return (iteration) => (iteration < start ? rate : rate * factor ** (Math.floor((iteration - start) / every) + 1));
  },
} as const;
