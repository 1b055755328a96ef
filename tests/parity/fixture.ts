import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '@unseen/formats';
import { describe, expect, test } from 'vitest';
import type { FixtureFile, GradientTolerance, StateEntry, Tolerance, Value } from './fixture-file.ts';
import { folderOf, sharedFolder } from './folders.ts';
import { type GradientCheck, gradientChecks } from './gradient-checks.ts';
import { channelsFirst, channelsLast } from './layout.ts';
import { statisticsOf } from './sums.ts';
import type { FormulaWeights } from './weight-formula.ts';

/** Runs in which a number of a gradient may prove to be right. */
const ATTEMPTS = 16;

/**
 * For networks without noise and ties: what float32 leaves of the authors' numbers, a hundredth of what fixtures allow.
 */
export const SINGLE_PRECISION: Tolerance = { abs: 1e-6, rel: 1e-5 };

/** Where a fixture states none: what most of them state. */
const GRADIENT_TOLERANCE: GradientTolerance = { l2Rel: 1e-3 };

/** Values of a tensor with its shape. */
export interface Tensor<T = Float32Array | Int32Array | Uint8Array> {
  readonly shape: readonly number[];
  readonly values: T;
}

/** Numbers of the authors' code: inputs to feed, and expected results that remember whether they were compared. */
export class Fixture {
  readonly file: FixtureFile;
  private readonly folder: string;
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly compared = new Set<string>();

  constructor(folder: string, file: FixtureFile, tensors: ReadonlyMap<string, Tensor>) {
    this.folder = folder;
    this.file = file;
    this.tensors = tensors;
  }

  /** A setting that must be there. */
  setting<T extends Value>(name: string): T {
    const value = this.file.settings[name];
    if (value === undefined) throw new Error(`${this.file.fixture} has no setting '${name}'`);
    return value as T;
  }

  /** The name of the tensor that ends with a number, however that is written: 1 is 1.0. */
  numbered(prefix: string, number: number): string {
    for (const name of this.tensors.keys()) {
      if (name.startsWith(prefix) && Number(name.slice(prefix.length)) === number) return name;
    }
    throw new Error(`${this.file.fixture} has no tensor '${prefix}${number}'`);
  }

  /** Names of the tensors that match a pattern, each with its groups behind it. */
  tensorsLike(pattern: RegExp): (readonly string[])[] {
    return [...this.tensors.keys()].flatMap((name) => {
      const match = pattern.exec(name);
      return match ? [[...match]] : [];
    });
  }

  /** What a tensor's meaning says, which may state the numbers that it was computed from. */
  tensorMeaning(name: string): string {
    return this.entry('tensors', name).meaning ?? '';
  }

  /** A tensor as it is stored. */
  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`${this.file.fixture} has no tensor '${name}'`);
    return tensor;
  }

  /** Integers: labels, class ids. */
  integers(name: string): Tensor<Int32Array> {
    const { shape, values } = this.tensor(name);
    return { shape, values: Int32Array.from(values) };
  }

  /** A tensor [n, c, h, w] as a map [n, h, w, c]. */
  map(name: string): Tensor<Float32Array> {
    const { shape, values } = this.tensor(name);
    const [n, c, h, w] = shape;
    return { shape: [n, h, w, c], values: channelsLast(values, shape) };
  }

  /** The value of a scalar or a structure. */
  value<T extends Value>(name: string): T {
    return this.entry('values', name).value as T;
  }

  /** The meaning of a value, which may state the numbers that it was computed from. */
  meaning(name: string): string {
    return this.entry('values', name).meaning ?? '';
  }

  /** Names of the values, or of those under a prefix. */
  valueNames(prefix = ''): string[] {
    return Object.keys(this.file.values ?? {}).filter((name) => name.startsWith(prefix));
  }

  /** The initial weights of a network: `stateDict` and a suffix where the fixture has several networks. */
  weights(suffix = ''): FormulaWeights {
    const formula = this.file.weightFormula;
    if (!formula) throw new Error(`${this.file.fixture} has no weight formula`);
    return { formula, entries: stateEntries(this.folder, this.file, suffix) };
  }

  /** Compares a tensor by the fixture's own tolerance, or a closer one. */
  expectTensor(name: string, got: ArrayLike<number>, within?: Tolerance): void {
    const { tolerance = { abs: 0, rel: 0 } } = this.entry('tensors', name);
    this.near(`tensors/${name}`, got, this.tensor(name).values, closer(tolerance, within));
  }

  /** Compares a map [n, h, w, c] with a tensor [n, c, h, w], or [c, h, w] where n = 1. */
  expectMap(name: string, got: ArrayLike<number>, within?: Tolerance): void {
    const { shape } = this.tensor(name);
    expect(got.length, `size of ${name}`).toBe(shape.reduce((a, b) => a * b, 1));
    this.expectTensor(name, channelsFirst(got, shape.length === 3 ? [1, ...shape] : shape), within);
  }

  /** Compares a number, a list, or a structure key by key; `null` stands for an undefined figure. */
  expectValue(name: string, got: unknown): void {
    const { value, tolerance } = this.entry('values', name);
    this.nearValue(`values/${name}`, got, value, tolerance);
  }

  /** Compares one key of a structure. */
  expectPart(name: string, key: string, got: unknown): void {
    const { value, tolerance } = this.entry('values', name);
    this.nearValue(`values/${name}/${key}`, got, (value as Record<string, Value>)[key], tolerance);
  }

  /** Compares a map [n, h, w, c] with statistics and entries of a tensor [n, c, h, w]. */
  expectSummary(name: string, got: Float32Array, within?: Tolerance): void {
    const { shape, flatIndex, entry, ...statistics } = this.entry('summaries', name);
    const tolerance = closer(statistics.tolerance, within);
    expect(got.length, `size of ${name}`).toBe(shape.reduce((a, b) => a * b, 1));
    const values = channelsFirst(got, shape);
    const found = statisticsOf(values);
    const at = `summaries/${name}`;
    this.near(at, [found.mean, found.std], [statistics.mean, statistics.std], tolerance);
    this.near(at, [found.min, found.max], [statistics.min, statistics.max], tolerance);
    this.near(
      at,
      flatIndex.map((i) => values[i]),
      entry,
      tolerance,
    );
  }

  /** Names of the gradients under a prefix. */
  gradientNames(prefix = ''): string[] {
    return Object.keys(this.file.gradients ?? {}).filter((name) => name.startsWith(prefix));
  }

  /**
   * Compares gradients, which `attempt` gives by name (`undefined` where none is taken). They jump where the input of a
   * ReLU or of |x| is 0 up to rounding: there, those at inputs a rounding error away are as right, and those of the
   * fixture may be such. So each number must agree in one of a few attempts; attempt 0 is to take the inputs as they
   * are, further ones `jittered` ones.
   */
  async expectGradients(
    names: readonly string[],
    attempt: (number: number) => Promise<(name: string) => Float32Array | undefined>,
  ): Promise<void> {
    expect(names.length).toBeGreaterThan(0);
    let open = names.flatMap((name) => this.gradientChecks(name));
    let problems: readonly string[] = [];
    for (let number = 0; number < ATTEMPTS && open.length > 0; number++) {
      const gradient = await attempt(number);

      const found = open.map((check) => [check, check.problem(gradient(check.name))] as const);
      open = found.flatMap(([check, problem]) => (problem === undefined ? [] : [check]));
      problems = found.flatMap(([{ name }, problem]) => (problem === undefined ? [] : [`${name}: ${problem}`]));
    }
    expect(problems).toEqual([]);
    for (const name of names) this.compared.add(`gradients/${name}`);
  }

  private gradientChecks(name: string): GradientCheck[] {
    const expected = this.file.gradients?.[name];
    if (expected === undefined) throw new Error(`${this.file.fixture} has no gradient '${name}'`);
    if (expected === null) return [{ name, problem: (got) => (got?.some((x) => x !== 0) ? 'is not 0' : undefined) }];
    return gradientChecks(name, expected, this.file.gradientTolerance ?? GRADIENT_TOLERANCE);
  }

  /** Says that an expected number is none of ours to reproduce. */
  leaveOut(names: readonly string[]): void {
    for (const name of names) this.compared.add(name);
  }

  /** Expected numbers that no test has compared so far. */
  missing(): string[] {
    const { tensors = {}, values = {}, summaries = {}, gradients = {} } = this.file;
    const expected = [
      ...Object.keys(tensors)
        .filter((name) => tensors[name].role === 'expected')
        .map((name) => `tensors/${name}`),
      ...Object.keys(values).map((name) => `values/${name}`),
      ...Object.keys(summaries).map((name) => `summaries/${name}`),
      ...Object.keys(gradients).map((name) => `gradients/${name}`),
    ];
    return expected.flatMap((name) => (this.compared.has(name) ? [] : this.missingParts(name)));
  }

  /** Keys of a structure that were not compared one by one; the structure itself where none was. */
  private missingParts(name: string): string[] {
    const value = this.file.values?.[name.slice('values/'.length)]?.value;
    if (!name.startsWith('values/') || !isRecord(value)) return [name];
    return Object.keys(value)
      .map((key) => `${name}/${key}`)
      .filter((part) => !this.compared.has(part));
  }

  private entry<G extends 'tensors' | 'values' | 'summaries'>(group: G, name: string) {
    const entry = this.file[group]?.[name];
    if (entry === undefined) throw new Error(`${this.file.fixture} has no '${name}' among its ${group}`);
    return entry as NonNullable<FixtureFile[G]>[string];
  }

  private nearValue(name: string, got: unknown, expected: Value, tolerance: Tolerance): void {
    if (isRecord(expected)) {
      for (const [key, part] of Object.entries(expected)) {
        this.nearValue(`${name}/${key}`, (got as Record<string, unknown>)[key], part, tolerance);
      }
      this.compared.add(name);
    } else if (Array.isArray(expected) && expected.every((x) => typeof x === 'number')) {
      this.near(name, got as number[], expected, tolerance);
    } else if (Array.isArray(expected)) {
      expect((got as unknown[]).length, name).toBe(expected.length);
      expected.forEach((part, i) => {
        this.nearValue(name, (got as unknown[])[i], part, tolerance);
      });
    } else if (typeof expected === 'number') {
      this.near(name, [got as number], [expected], tolerance);
    } else {
      expect(got, name).toBe(expected === 'nan' ? null : expected);
      this.compared.add(name);
    }
  }

  /** max|got - expected| ≤ abs + rel · max|expected| */
  private near(name: string, got: ArrayLike<number>, expected: ArrayLike<number>, { abs, rel }: Tolerance): void {
    this.compared.add(name);
    expect(got.length, `size of ${name}`).toBe(expected.length);
    let largest = 0;
    let worst = 0;
    for (let i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      // Written so that NaN is as bad as it gets.
      const difference = Math.abs(got[i] - expected[i]);
      worst = difference <= worst ? worst : Number.isNaN(difference) ? Infinity : difference;
    }
    expect(worst, `${name}: largest deviation`).toBeLessThanOrEqual(abs + rel * largest);
  }
}

/** The closer of two tolerances. */
function closer({ abs, rel }: Tolerance, other: Tolerance = { abs, rel }): Tolerance {
  return { abs: Math.min(abs, other.abs), rel: Math.min(rel, other.rel) };
}

function isRecord(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFile(folder: string, name: string): FixtureFile {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FixtureFile;
}

function stateEntries(folder: string, file: FixtureFile, suffix: string): readonly StateEntry[] {
  const entries = file[`stateDict${suffix}`];
  if (entries === undefined) throw new Error(`${file.fixture} has no stateDict${suffix}`);
  if (typeof entries !== 'string') return entries;
  return stateEntries(folder, readFile(folder, entries.replace(/^as /, '')), suffix);
}

async function openFixture(folder: string, name: string): Promise<Fixture> {
  const stored = await openSafetensors(join(folder, `${name}.safetensors`));
  const tensors = new Map<string, Tensor>();
  try {
    for (const key of stored.names) tensors.set(key, (await stored.read(key)) as Tensor);
  } finally {
    await stored.close();
  }
  return new Fixture(folder, readFile(folder, name), tensors);
}

/**
 * The tests of one fixture, and one more: that they compared every number that it expects. Skipped where the fixture
 * does not exist.
 */
export async function parity(name: string, define: (fixture: Fixture) => void): Promise<void> {
  const folder = folderOf(name);
  if (folder === undefined) {
    test.skip(`${name}: neither in the repository nor in ${sharedFolder}`, { meta: { absentFixture: name } }, () => {});
    return;
  }
  const fixture = await openFixture(folder, name);
  describe(name, () => {
    define(fixture);
    test('every expected number was compared', { meta: { fixture: name } }, () => {
      expect(fixture.missing()).toEqual([]);
    });
  });
}
