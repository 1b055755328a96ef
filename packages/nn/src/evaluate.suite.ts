import type { RandomStream } from '@unseen/core';
import { createEagerEngine, type Ops, type Parameter } from '@unseen/tensor';
import { expect } from 'vitest';

/** Describes values by name, against any interpreter. */
export type Describe = <V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>) => Record<string, V>;

interface Options {
  /** Integer arrays become integer inputs. */
  readonly inputs?: Readonly<
    Record<
      string,
      { readonly shape: readonly number[]; readonly values: readonly number[]; readonly integer?: boolean }
    >
  >;
  readonly training?: boolean;
  readonly random?: RandomStream;
}

const engine = createEagerEngine('cpu');

/** Runs a description once on the reference engine. */
export async function evaluate(describe: Describe, options: Options = {}): Promise<Record<string, number[]>> {
  const { inputs = {}, training = false, random } = options;
  const entries = Object.entries(inputs);
  const executable = (await engine).compile({
    name: 'test',
    training,
    inputs: Object.fromEntries(
      entries.map(([name, { shape, integer }]) => [name, { shape, dtype: integer ? 'int32' : 'float32' }]),
    ),
    describe: (ops, values) => ({ outputs: describe(ops, values) }),
  });
  const feeds = entries.map(([name, { values, integer }]) => [
    name,
    integer ? Int32Array.from(values) : Float32Array.from(values),
  ]);
  const result = executable.run(Object.fromEntries(feeds), random);
  const read: Record<string, number[]> = {};
  for (const name of Object.keys(executable.outputs)) read[name] = [...(await result.read(name))];
  executable.dispose();
  return read;
}

/** Compares the gradients of the value `loss` with central differences, for every element of the parameters. */
export async function checkGradients(
  describe: Describe,
  parameters: readonly Parameter[],
  options: Options & { readonly step?: number; readonly tolerance?: number } = {},
): Promise<void> {
  const { step = 1e-2, tolerance = 2e-3 } = options;
  const analytic = await evaluate((ops, inputs) => {
    const { loss } = describe(ops, inputs);
    const gradients = ops.gradients(
      loss,
      parameters.map((parameter) => ops.parameter(parameter)),
    );
    return Object.fromEntries(gradients.map((gradient, i) => [String(i), gradient]));
  }, options);
  for (const [i, parameter] of parameters.entries()) {
    for (let j = 0; j < parameter.values.length; j++) {
      const at = async (shift: number) => {
        const values = parameter.values.slice();
        const original = parameter.values.slice();
        values[j] += shift;
        parameter.assign(values);
        const { loss } = await evaluate((ops, inputs) => ({ loss: describe(ops, inputs).loss }), options);
        parameter.assign(original);
        return loss[0];
      };
      const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
      const difference = Math.abs(analytic[i][j] - numeric);
      expect(difference, `parameter ${i}, element ${j}: ${analytic[i][j]} against ${numeric}`).toBeLessThan(
        tolerance * Math.max(1, Math.abs(numeric)),
      );
    }
  }
}
