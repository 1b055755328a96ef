import type { Benchmark } from './benchmark.ts';
import { featureSteps } from './cagnet.ts';
import { hostBenchmarks } from './host.ts';
import { networks } from './networks.ts';

/** Every benchmark by its name, in the order of the table. */
export const benchmarks: Readonly<Record<string, Benchmark>> = Object.fromEntries(
  [...networks, ...featureSteps, ...hostBenchmarks].map((benchmark) => [benchmark.name, benchmark]),
);
