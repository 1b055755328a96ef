import type { OperatorTime } from '@unseen/tensor';
import type { Benchmark, Scale } from './benchmark.ts';
import { spreadOf } from './spread.ts';

/** All operators of one kind in a step. */
export interface KindTime {
  readonly operator: string;
  /** How many there are. */
  readonly count: number;
  readonly seconds: number;
  /** Of their results. */
  readonly bytes: number;
}

/** Where a step's time goes. */
export interface BenchProfile {
  readonly name: string;
  /** Median of a whole step, while operators are timed. */
  readonly seconds: number;
  /** From the slowest kind to the fastest. */
  readonly kinds: readonly KindTime[];
  /** What is no operator of the step's graph: the updates of the weights, noise, the runtime between operators. */
  readonly rest: number;
}

/** Steps that are looked at after two that warm up. */
const STEPS = 5;
const WARM = 2;

/** Runs a few steps with every operator timed; `undefined` for a benchmark that is no graph. */
export async function profileBenchmark(
  benchmark: Benchmark,
  setting: Omit<Parameters<Benchmark['prepare']>[1], 'profile'> & { readonly scale: Scale },
): Promise<BenchProfile | undefined> {
  const prepared = await benchmark.prepare(setting.scale, { ...setting, profile: true });
  try {
    const seconds: number[] = [];
    for (let i = 0; i < WARM + STEPS; i++) {
      const begin = performance.now();
      await prepared.step();
      seconds.push((performance.now() - begin) / 1000);
    }
    const times = prepared.profile?.();
    if (!times) return undefined;
    const kinds = kindsOf(times.slice((times.length / (WARM + STEPS)) * WARM), STEPS);
    const whole = spreadOf(seconds.slice(WARM)).median;
    const inGraph = kinds.reduce((sum, kind) => sum + kind.seconds, 0);
    return { name: benchmark.name, seconds: whole, kinds, rest: Math.max(0, whole - inGraph) };
  } finally {
    await prepared.dispose();
  }
}

/** Operators of `steps` equal steps, summed up by kind; means of one step. */
export function kindsOf(times: readonly OperatorTime[], steps: number): KindTime[] {
  const kinds = new Map<string, KindTime>();
  for (const { operator, seconds, bytes } of times) {
    const sum = kinds.get(operator) ?? { operator, count: 0, seconds: 0, bytes: 0 };
    kinds.set(operator, {
      operator,
      count: sum.count + 1 / steps,
      seconds: sum.seconds + seconds / steps,
      bytes: sum.bytes + bytes / steps,
    });
  }
  return [...kinds.values()]
    .map((kind) => ({ ...kind, count: Math.round(kind.count), bytes: Math.round(kind.bytes) }))
    .sort((a, b) => b.seconds - a.seconds);
}

/** The kinds of operators that take most, for people. */
export function profileRows({ seconds, kinds, rest }: BenchProfile, most = 10): string[][] {
  const row = (name: string, time: number, count: string, bytes: string) => [
    name,
    (1000 * time).toFixed(1),
    `${((100 * time) / seconds).toFixed(0)} %`,
    count,
    bytes,
  ];
  const others = kinds.slice(most);
  const sum = (of: (kind: KindTime) => number) => others.reduce((total, kind) => total + of(kind), 0);
  return [
    ['operator', 'ms', 'of the step', 'number', 'MB made'],
    ...kinds
      .slice(0, most)
      .map((kind) => row(kind.operator, kind.seconds, `${kind.count}`, (kind.bytes / 1e6).toFixed(0))),
    ...(others.length > 0
      ? [
          row(
            `${others.length} other kinds`,
            sum((k) => k.seconds),
            `${sum((k) => k.count)}`,
            (sum((k) => k.bytes) / 1e6).toFixed(0),
          ),
        ]
      : []),
    row('updates and the rest', rest, '', ''),
    row('step', seconds, '', ''),
  ];
}
