import { join } from 'node:path';
import type { Benchmark, Scale } from './benchmark.ts';
import { TORCH_PROGRAM, type TorchInstallation } from './python.ts';
import { Side, threadVariables } from './side.ts';
import { type Spread, spreadOf } from './spread.ts';

/** How two sides are compared. */
export interface CompareOptions {
  readonly scale: Scale;
  readonly threads: number;
  readonly rounds: number;
  /** A folder for files, removed by the caller. */
  readonly folder: string;
  readonly torch: TorchInstallation | undefined;
}

/** One side's steps. Times are in seconds, memory in bytes. */
export interface SideResult extends Spread {
  /** Largest resident memory of its process. */
  readonly peakMemory: number;
}

/** A benchmark's result. */
export interface Comparison {
  readonly flops: number | null;
  readonly ours: SideResult;
  readonly torch: SideResult | null;
  /** Our median over PyTorch's in each round. */
  readonly ratios: readonly number[];
}

/** What a round should take at least, in seconds. */
const ROUND = 1;
const FEWEST_STEPS = 3;
const MOST_STEPS = 500;

/** Starts the process of our side. */
export function startOurs(threads: number): Side {
  return new Side(process.execPath, [join(import.meta.dirname, 'worker.js')], threadVariables(threads));
}

/** Starts the process of PyTorch's side. */
export function startTorch({ python }: TorchInstallation, threads: number): Side {
  return new Side(python, [TORCH_PROGRAM], threadVariables(threads));
}

interface Contender {
  readonly side: Side;
  readonly rounds: number[][];
}

/**
 * Times a benchmark in one process per side. Rounds of several steps take turns, and the side that begins changes from
 * round to round, so that a drift of the machine's clock hits both alike.
 */
export async function compare(benchmark: Benchmark, options: CompareOptions): Promise<Comparison> {
  const { scale, threads, rounds, folder, torch } = options;
  const { name } = benchmark;
  const contenders: Contender[] = [{ side: startOurs(threads), rounds: [] }];
  if (torch && benchmark.torch !== undefined) contenders.push({ side: startTorch(torch, threads), rounds: [] });
  const [ours, theirs] = contenders;
  try {
    const prepare = { op: 'prepare', threads, warm: true } as const;
    const first = await ours.side.ask<Warm & { flops: number | null }>({ ...prepare, name, scale, folder });
    const second = await theirs?.side.ask<Warm>({ ...prepare, kind: benchmark.torch, sizes: benchmark[scale] });
    const slower = Math.max(first.seconds, second?.seconds ?? 0);
    const steps = scale === 'tiny' ? 2 : Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, Math.round(ROUND / slower)));
    for (let round = 0; round < rounds; round++) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const { seconds } = await contender.side.ask<{ seconds: number[] }>({ op: 'time', steps });
        contender.rounds.push(seconds);
      }
    }
    const [us, them] = await Promise.all(contenders.map(sideResult));
    const ratios = theirs
      ? ours.rounds.map((seconds, i) => spreadOf(seconds).median / spreadOf(theirs.rounds[i]).median)
      : [];
    return { flops: first.flops, ours: us, torch: them ?? null, ratios };
  } finally {
    for (const { side } of contenders) side.close();
  }
}

interface Warm {
  /** Of a step after the first. */
  readonly seconds: number;
}

async function sideResult({ side, rounds }: Contender): Promise<SideResult> {
  const { bytes } = await side.ask<{ bytes: number }>({ op: 'memory' });
  return { ...spreadOf(rounds.flat()), peakMemory: bytes };
}
