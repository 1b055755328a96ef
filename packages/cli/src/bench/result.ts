import { textTable } from '../table.ts';
import type { Benchmark } from './benchmark.ts';
import type { Comparison, SideResult } from './compare.ts';

/** A row of `unseen bench --json`. Times are in seconds, memory in bytes; null without PyTorch or where not known. */
export interface BenchResult {
  readonly name: string;
  /** What one step is. */
  readonly step: string;
  /** Median time of a step. */
  readonly ours: number;
  readonly torch: number | null;
  /** Ours over PyTorch's: below 1 we are faster. */
  readonly ratio: number | null;
  /** Least and greatest ratio of the rounds' medians. */
  readonly ratioRange: readonly [number, number] | null;
  /** Median absolute deviation. */
  readonly oursDeviation: number;
  readonly torchDeviation: number | null;
  /** Steps that each side was timed for. */
  readonly steps: number;
  /** Largest resident memory of a side's process. */
  readonly oursPeakMemory: number;
  readonly torchPeakMemory: number | null;
  readonly memoryRatio: number | null;
  /** Floating-point operations of a step: convolutions and matrix products. */
  readonly flops: number | null;
  readonly oursGflops: number | null;
  readonly torchGflops: number | null;
  /** Of the speed of a matrix product on our side. */
  readonly shareOfPeak: number | null;
}

/** Sums up a comparison; `peak` is the speed of a matrix product, in GFLOP/s. */
export function benchResult({ name, step }: Benchmark, comparison: Comparison, peak: number): BenchResult {
  const { ours, torch, ratios, flops } = comparison;
  const speed = (side: SideResult) => (flops ? flops / side.median / 1e9 : null);
  const oursGflops = speed(ours);
  return {
    name,
    step,
    ours: ours.median,
    torch: torch?.median ?? null,
    ratio: torch && ours.median / torch.median,
    ratioRange: torch && [Math.min(...ratios), Math.max(...ratios)],
    oursDeviation: ours.deviation,
    torchDeviation: torch?.deviation ?? null,
    steps: ours.count,
    oursPeakMemory: ours.peakMemory,
    torchPeakMemory: torch?.peakMemory ?? null,
    memoryRatio: torch && ours.peakMemory / torch.peakMemory,
    flops,
    oursGflops,
    torchGflops: torch && speed(torch),
    shareOfPeak: oursGflops && oursGflops / peak,
  };
}

/** The results for people. */
export function benchTable(results: readonly BenchResult[]): string {
  const fixed = (value: number | null, digits = 2) => (value === null ? '–' : value.toFixed(digits));
  const time = (median: number | null, deviation: number | null) =>
    median === null ? '–' : `${milliseconds(median)} ± ${milliseconds(deviation ?? 0)}`;
  const megabytes = (bytes: number | null) => fixed(bytes === null ? null : bytes / 1e6, 0);
  return textTable([
    ['benchmark', 'ours, ms', 'PyTorch, ms', 'ratio', 'ours, MB', 'PyTorch, MB', 'ratio', 'GFLOP/s', '% of peak'],
    ...results.map((row) => [
      row.name,
      time(row.ours, row.oursDeviation),
      time(row.torch, row.torchDeviation),
      fixed(row.ratio),
      megabytes(row.oursPeakMemory),
      megabytes(row.torchPeakMemory),
      fixed(row.memoryRatio),
      fixed(row.oursGflops, 0),
      fixed(row.shareOfPeak && 100 * row.shareOfPeak, 0),
    ]),
  ]);
}

function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
