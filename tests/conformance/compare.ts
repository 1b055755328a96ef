import { SeedTree } from '@unseen/core';
import { createCompiledEngine } from '@unseen/onnx';
import { createEagerEngine, type Feeds, type Program } from '@unseen/tensor';
import fc from 'fast-check';
import { expect } from 'vitest';
import { isKink, watchKinks } from './kinks.ts';
import { type Sample, sampleProgram } from './sample.ts';

/** Largest difference, relative to the largest expected value of the same array. */
const TOLERANCE = 1e-5;

const eager = await createEagerEngine('cpu');
const compiled = createCompiledEngine({ threads: 1, cachedGraphs: 0 });

/** Compares the engines on what is made of every draw. */
export async function expectForAll<D>(
  cases: fc.Arbitrary<D>,
  sampleOf: (draw: D) => Sample,
  options: CompareOptions & { readonly runs: number },
): Promise<void> {
  const property = fc.asyncProperty(cases, async (draw) => {
    const { program, feeds } = sampleProgram(sampleOf(draw));
    await expectEqualEngines(program, feeds, options);
  });
  // Always the same draws: in rare others the terms of a gradient cancel until float32 has less than five digits left.
  await fc.assert(property, { seed: 1, numRuns: options.runs, endOnFailure: true });
}

/** Options of {@link expectEqualEngines}. */
export interface CompareOptions {
  /** False where kinks that are met have no slope on either side. Default true: values near a kink are not used. */
  readonly avoidKinks?: boolean;
}

/** Runs a program on the compiled and on the reference engine: the same outputs, losses and gradients of each loss. */
export async function expectEqualEngines(program: Program, feeds: Feeds, options: CompareOptions = {}): Promise<void> {
  const { avoidKinks = true } = options;
  const watched = watchKinks(program);
  const [ours, theirs] = [compiled.compile(program), eager.compile(watched.program)];
  try {
    const random = () => new SeedTree(1).child(program.name).stream();
    const expected = theirs.run(feeds, random());
    if (avoidKinks) fc.pre(!(await watched.isNearKink(expected)));
    const actual = ours.run(feeds, random());
    const outputs = Object.keys(theirs.outputs).filter((output) => !isKink(output));
    expect(Object.keys(ours.outputs).sort()).toEqual(outputs.sort());
    for (const output of outputs) {
      expect(ours.outputs[output], output).toEqual(theirs.outputs[output]);
      expectClose(await actual.read(output), await expected.read(output), output);
    }
    expect(Object.keys(actual.gradients)).toEqual(Object.keys(expected.gradients));
    for (const [loss, gradients] of Object.entries(expected.gradients)) {
      expect([...actual.gradients[loss].keys()]).toEqual([...gradients.keys()]);
      let i = 0;
      for (const [parameter, gradient] of gradients) {
        const what = `gradient of ${loss} by parameter ${i++} [${parameter.shape}]`;
        expectClose(actual.gradients[loss].get(parameter), await host(gradient), what);
      }
    }
  } finally {
    ours.dispose();
    theirs.dispose();
  }
}

/** The values of a gradient that lives in TF.js. */
async function host(gradient: unknown): Promise<Float32Array> {
  return (gradient as { data(): Promise<Float32Array> }).data();
}

function expectClose(actual: unknown, expected: Float32Array, what: string): void {
  if (!(actual instanceof Float32Array)) throw new Error(`${what} is missing`);
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const errors = expected.map((x, i) => Math.abs(x - actual[i]));
  const worst = errors.reduce((most, error) => (error <= most || Number.isNaN(most) ? most : error), 0);
  // Written so that NaN fails.
  expect(worst <= TOLERANCE * scale, `${what}: off by ${worst} where the largest value is ${scale}`).toBe(true);
}
