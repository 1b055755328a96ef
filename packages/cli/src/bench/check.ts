import { join } from 'node:path';
import { openSafetensors } from '@unseen/formats';
import type { Benchmark } from './benchmark.ts';
import type { Side } from './side.ts';

/** How far two sides are apart on one step with the same weights, inputs and noise. */
export interface CheckResult {
  readonly name: string;
  /** Outputs and gradients that were compared. */
  readonly tensors: number;
  /** The tensor that differs most. */
  readonly worst: string;
  /** Its largest difference, relative to its largest value. */
  readonly error: number;
}

/** What counts as the same mathematics in single precision. */
export const CHECK_TOLERANCE = 1e-4;

/** Runs a tiny step of a benchmark on both sides and compares all outputs and gradients. */
export async function checkBenchmark(
  { name, torch, tiny }: Benchmark,
  { ours, theirs, folder }: { readonly ours: Side; readonly theirs: Side; readonly folder: string },
): Promise<CheckResult> {
  const files = { given: join(folder, 'given'), expected: join(folder, 'expected'), results: join(folder, 'results') };
  const prepare = { op: 'prepare', threads: 1, warm: false } as const;
  await ours.ask({ ...prepare, name, scale: 'tiny', folder });
  await theirs.ask({ ...prepare, kind: torch, sizes: tiny });
  await ours.ask({ op: 'check', given: files.given, expected: files.expected });
  await theirs.ask({ op: 'check', given: files.given, results: files.results });
  return { name, ...(await compareTensors(files.expected, files.results)) };
}

/** How far the tensors of two safetensors files are apart; an error where they do not have the same ones. */
export async function compareTensors(expectedPath: string, actualPath: string): Promise<Omit<CheckResult, 'name'>> {
  const [expected, actual] = [await openSafetensors(expectedPath), await openSafetensors(actualPath)];
  try {
    const lonely = [...expected.names, ...actual.names].filter((name) => !expected.has(name) || !actual.has(name));
    if (lonely.length > 0) throw new Error(`only one side has ${lonely.join(', ')}`);
    let [worst, error] = ['', -1];
    for (const name of expected.names) {
      const difference = relativeDifference(await expected.readFloat32(name), await actual.readFloat32(name));
      if (difference > error) [worst, error] = [name, difference];
    }
    return { tensors: expected.names.length, worst, error };
  } finally {
    await expected.close();
    await actual.close();
  }
}

interface Floats {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function relativeDifference(expected: Floats, actual: Floats): number {
  if (`${expected.shape}` !== `${actual.shape}`) {
    throw new Error(`shapes [${expected.shape}] and [${actual.shape}] of one tensor`);
  }
  const largest = expected.values.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-12);
  const difference =
    expected.values.reduce((most, v, i) => Math.max(most, Math.abs(v - actual.values[i])), 0) / largest;
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}
