import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import { textTable } from '../table.ts';
import type { Benchmark, Scale } from './benchmark.ts';
import { type Spread, spreadOf } from './spread.ts';

/** What a step costs on one backend. Times are in seconds. */
export interface BackendTime extends Spread {
  readonly name: string;
  readonly step: string;
  /** Median of what the host takes to ask for a step; the device goes on computing. */
  readonly host: number;
  /** Values that a step brings from the device to the host, one after the other; null without a device. */
  readonly readBacks: number | null;
  /** Memory that the backend has reserved on its device; null where that is not known. */
  readonly deviceMemory: number | null;
  /** Largest resident memory of this process so far. */
  readonly peakMemory: number;
}

const WARM = 2;
const STEPS_PER_ROUND = 3;

/** Times a benchmark in this process; `undefined` for one that no engine computes. */
export async function timeOnBackend(
  benchmark: Benchmark,
  options: {
    readonly scale: Scale;
    readonly threads: number;
    readonly rounds: number;
    createEngine(): Promise<Engine>;
  },
): Promise<BackendTime | undefined> {
  const { scale, threads, rounds, createEngine } = options;
  const folder = await mkdtemp(join(tmpdir(), 'unseen-bench-'));
  const seeds = new SeedTree(0).child(benchmark.name);
  const prepared = await benchmark.prepare(scale, { threads, folder, seeds, createEngine });
  try {
    if (!prepared.engine) return undefined;
    const { device } = prepared.engine;
    const [times, hosts]: [number[], number[]] = [[], []];
    let readBacks = 0;
    for (let i = -WARM; i < rounds * STEPS_PER_ROUND; i++) {
      if (i === 0) readBacks = device?.readBacks ?? 0;
      const begin = performance.now();
      await prepared.step();
      const asked = performance.now();
      await device?.finish();
      if (i < 0) continue;
      times.push((performance.now() - begin) / 1000);
      hosts.push((asked - begin) / 1000);
    }
    return {
      name: benchmark.name,
      step: benchmark.step,
      ...spreadOf(times),
      host: spreadOf(hosts).median,
      readBacks: device ? (device.readBacks - readBacks) / times.length : null,
      deviceMemory: device?.allocatedBytes ?? null,
      peakMemory: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await prepared.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The results for people. */
export function backendTable(results: readonly BackendTime[]): string {
  const milliseconds = (seconds: number) => (1000 * seconds).toFixed(2);
  const megabytes = (bytes: number | null) => (bytes === null ? '–' : (bytes / 1e6).toFixed(0));
  return textTable([
    ['benchmark', 'step, ms', 'host, ms', 'read-backs', 'device, MB', 'process, MB'],
    ...results.map((row) => [
      row.name,
      `${milliseconds(row.median)} ± ${milliseconds(row.deviation)}`,
      milliseconds(row.host),
      row.readBacks === null ? '–' : String(row.readBacks),
      megabytes(row.deviceMemory),
      megabytes(row.peakMemory),
    ]),
  ]);
}
