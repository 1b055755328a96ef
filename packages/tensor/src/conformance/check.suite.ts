import { expect } from 'vitest';
import { Tape } from '../gradients/tape.ts';
import type { Ops } from '../ops.ts';
import { Parameter } from '../parameter.ts';
import type { Engine, Gradients, Program, UpdateRule } from '../program.ts';
import { type Shape, sizeOf } from '../shape.ts';
import type { Case } from './case.suite.ts';
import { Oracle } from './oracle.suite.ts';
import type { Exact } from './positions.suite.ts';

/** Single precision, relative to the largest expected value. */
const TOLERANCE = 2e-5;

/** Fails where any element is further off than single precision explains. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const scale = Array.from(expected).reduce((largest, v) => Math.max(largest, Math.abs(v)), 1);
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const errors = Array.from(expected, (v, i) => Math.abs(v - actual[i]) / scale);
  const worst = errors.reduce((at, error, i) => (error <= errors[at] ? at : i), 0);
  // Written so that NaN fails.
  expect(
    errors.length === 0 || errors[worst] <= TOLERANCE,
    `${what}: [${worst}] is ${actual[worst]}, not ${expected[worst]}`,
  ).toBe(true);
}

/** A program of one output without weights. */
export const pure = (name: string, inputs: Program['inputs'], build: <V>(ops: Ops<V>, x: V[]) => V): Program => ({
  name,
  inputs,
  describe: (ops, fed) => ({ outputs: { y: build(ops, Object.values(fed)) } }),
});

/** The last engine-side gradient as numbers: an updater that replaces the weights by their gradient brings it to the host. */
const gradientReader: UpdateRule = {
  name: 'read',
  slots: [],
  scalars: [],
  update: (ops, weights, gradient) => ({ weights: ops.add(ops.mul(weights, ops.scalar(0)), gradient), slots: {} }),
};

/** Fixed weights of a case's output, so that its loss depends on each element differently. */
const mixture = (shape: Shape): number[] => Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i + 0.3));

function mixed<V>(ops: Ops<V>, y: V): V {
  const shape = ops.shape(y);
  return ops.sum(ops.mul(y, ops.constant(Float32Array.from(mixture(shape)), shape)));
}

interface Prepared {
  readonly program: Program;
  readonly parameters: readonly Parameter[];
  readonly feeds: Record<string, Int32Array>;
}

/** A case whose float inputs are parameters and whose losses are its mixed output and, with `twice`, its mixed gradients. */
function prepare({ name, inputs, build, twice = true }: Case): Prepared {
  const slots = inputs.map(({ shape, values }) =>
    values instanceof Float32Array ? new Parameter(shape, { values: values.slice() }) : { shape, values },
  );
  const parameters = slots.filter((slot) => slot instanceof Parameter);
  const labels = slots.flatMap((slot, i) => (slot instanceof Parameter ? [] : [[`labels${i}`, slot] as const]));
  const program: Program = {
    name,
    inputs: Object.fromEntries(labels.map(([key, { shape }]) => [key, { shape, dtype: 'int32' }])),
    describe(ops, fed) {
      const values = slots.map((slot, i) => (slot instanceof Parameter ? ops.parameter(slot) : fed[`labels${i}`]));
      const y = build(ops, values);
      const loss = mixed(ops, y);
      const once = { first: { value: loss, parameters } };
      if (!twice) return { outputs: { y }, losses: once };
      const slopes = ops.gradients(
        loss,
        parameters.map((parameter) => ops.parameter(parameter)),
      );
      const second = slopes.map((slope) => mixed(ops, slope)).reduce((sum, part) => ops.add(sum, part));
      return { outputs: { y }, losses: { ...once, second: { value: second, parameters } } };
    },
  };
  return {
    program,
    parameters,
    feeds: Object.fromEntries(labels.map(([key, { values }]) => [key, values as Int32Array])),
  };
}

/** A step in the space of all parameters. */
type Move = ReadonlyMap<Parameter, Float64Array>;

/** The case in double precision, at its parameters' values plus `by` times a move. */
function evaluate({ program, parameters, feeds }: Prepared, move?: Move, by = 0) {
  const weights = new Map<Parameter, Exact>();
  for (const parameter of parameters) {
    const direction = move?.get(parameter);
    const data = Float64Array.from(parameter.values, (v, i) => v + by * (direction?.[i] ?? 0));
    weights.set(parameter, { shape: parameter.shape, data });
  }
  const inputs = Object.entries(program.inputs).map(([name, { shape }]) => [
    name,
    { shape, data: Float64Array.from(feeds[name]) },
  ]);
  return program.describe<Exact>(new Tape<Exact>(new Oracle(weights)), Object.fromEntries(inputs));
}

/** Single elements of each parameter, spread over it, and all elements at once. */
function moves(parameters: readonly Parameter[]): Move[] {
  return parameters.flatMap((parameter) => {
    const size = parameter.values.length;
    const picked = Array.from({ length: Math.min(size, 4) }, (_, k) => Math.floor((k * size) / Math.min(size, 4)));
    const single = picked.map((at) => Float64Array.from({ length: size }, (_, i) => Number(i === at)));
    const everything = Float64Array.from({ length: size }, (_, i) => Math.cos(2.3 * i + 1));
    return [...single, everything].map((direction) => new Map([[parameter, direction]]));
  });
}

/** Derivative of each loss along a move, by central differences. */
function numericSlopes(prepared: Prepared, move: Move): Record<string, number> {
  const step = 1e-4;
  const [after, before] = [evaluate(prepared, move, step), evaluate(prepared, move, -step)];
  const slopes = Object.keys(after.losses!).map((loss) => {
    const [high, low] = [after, before].map(({ losses }) => losses![loss].value.data[0]);
    return [loss, (high - low) / (2 * step)];
  });
  return Object.fromEntries(slopes);
}

/** An engine's gradients of a loss, on the host. */
async function readGradients(engine: Engine, gradients: Gradients): Promise<Map<Parameter, Float32Array>> {
  const reader = engine.updater(gradientReader);
  const targets = [...gradients.keys()].map((parameter) => [parameter, new Parameter(parameter.shape)] as const);
  for (const [parameter, target] of targets) reader.apply(target, gradients.get(parameter), {}, {});
  await engine.pull(targets.map(([, target]) => target));
  reader.dispose();
  return new Map(targets.map(([parameter, { values }]) => [parameter, values]));
}

/**
 * Compares an engine with the oracle on one case: value, losses, and the gradients of the mixed value and of a loss made
 * of these gradients, with central differences in double precision along single elements and one direction of all.
 */
export async function checkCase(engine: Engine, aCase: Case): Promise<void> {
  const prepared = prepare(aCase);
  const executable = engine.compile(prepared.program);
  try {
    const exact = evaluate(prepared);
    expect(executable.outputs.y, 'shape').toEqual(exact.outputs.y.shape);
    const result = executable.run(prepared.feeds);
    expectClose(await result.read('y'), exact.outputs.y.data, 'value');
    const directions = moves(prepared.parameters);
    const slopes = directions.map((move) => numericSlopes(prepared, move));
    for (const loss of Object.keys(exact.losses!)) {
      expectClose([await result.scalar(loss)], exact.losses![loss].value.data, `loss ${loss}`);
      const gradients = await readGradients(engine, result.gradients[loss]);
      const along = directions.map((move) =>
        [...move].reduce(
          (sum, [parameter, direction]) => sum + direction.reduce((s, d, i) => s + d * gradients.get(parameter)![i], 0),
          0,
        ),
      );
      expectClose(
        along,
        slopes.map((slope) => slope[loss]),
        `gradients of ${loss}`,
      );
    }
  } finally {
    executable.dispose();
  }
}
