import { SeedTree } from '@unseen/core';
import { BatchNorm, GroupNorm, type Module } from '@unseen/nn';
import type { Feeds, InputSpec, Ops, Parameter, Program, Shape } from '@unseen/tensor';
import fc from 'fast-check';

/** Values fed to one input. */
export interface SampleInput extends InputSpec {
  readonly values: Float32Array | Int32Array;
}

/** A network or a loss with values to try it with. */
export interface Sample {
  readonly name: string;
  readonly inputs: Readonly<Record<string, SampleInput>>;
  readonly training?: boolean;
  /** What the gradients are taken by, besides the inputs. */
  readonly parameters?: readonly Parameter[];
  /** Named values; their mixture is the loss. */
  forward<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>): Readonly<Record<string, V>>;
}

/** What fast-check decides: sizes, odd ones too, and where the random values come from. */
export interface Draw {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly seeds: SeedTree;
}

/** Draws with sides between two bounds. */
export function draws(least: number, most: number): fc.Arbitrary<Draw> {
  const side = fc.integer({ min: least, max: most });
  return fc
    .record({ batch: fc.integer({ min: 1, max: 3 }), height: side, width: side, seed: fc.nat() })
    .map(({ seed, ...sizes }) => ({ ...sizes, seeds: new SeedTree(seed) }));
}

/** A standard normal input, or what `by` makes of it. */
export function normalInput(draw: Draw, name: string, shape: Shape, by = (x: number) => x): SampleInput {
  const values = draw.seeds
    .child(name)
    .stream()
    .fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
  return { shape, dtype: 'float32', values: values.map(by) };
}

/** Labels of `classes` classes; a share of them is 255. */
export function labelInput(draw: Draw, shape: Shape, classes: number, ignored = 0.3): SampleInput {
  const random = draw.seeds.child('labels').stream();
  const values = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
    random.uniform() < ignored ? 255 : random.integer(classes),
  );
  return { shape, dtype: 'int32', values };
}

/** A mask with zeros and ones. */
export function maskInput(draw: Draw, shape: Shape, share = 0.6): SampleInput {
  const random = draw.seeds.child('mask').stream();
  const length = shape.reduce((a, b) => a * b, 1);
  return { shape, dtype: 'float32', values: Float32Array.from({ length }, () => Number(random.uniform() < share)) };
}

/** Replaces biases and normalisations at their neutral initial values, behind which errors could hide. */
export function stir<M extends Module>(module: M, draw: Draw): M {
  const random = draw.seeds.child('stir').stream();
  const between = ({ values }: Parameter, low: number, high: number) => values.map(() => random.between(low, high));
  for (const [name, parameter] of module.namedParameters()) {
    if (/(^|\.)bias$/.test(name)) parameter.assign(between(parameter, -0.3, 0.3));
  }
  for (const { scale, shift } of module.descendants(GroupNorm)) {
    scale.assign(between(scale, 0.5, 1.5));
    shift.assign(between(shift, -0.3, 0.3));
  }
  for (const { scale, shift, runningMean, runningVariance } of module.descendants(BatchNorm)) {
    for (const parameter of [scale, runningVariance]) parameter.assign(between(parameter, 0.5, 1.5));
    for (const parameter of [shift, runningMean]) parameter.assign(between(parameter, -0.3, 0.3));
  }
  return module;
}

/**
 * Mean of softplus(y), each weighed differently: smooth, no gradient is the same everywhere, and neither the terms nor
 * their slopes change sign, so that they do not cancel to mere roundings.
 */
function mixed<V>(ops: Ops<V>, y: V): V {
  const shape = ops.shape(y);
  const weights = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 2 + Math.sin(1.7 * i));
  return ops.mean(ops.mul(ops.softplus(y), ops.constant(weights, shape)));
}

/** A sample as a program: its values, and the gradients of their mixture by all inputs and parameters. */
export function sampleProgram(sample: Sample): { readonly program: Program; readonly feeds: Feeds } {
  const { name, inputs, training = false, parameters = [] } = sample;
  const entries = Object.entries(inputs);
  const floats = entries.filter(([, { dtype }]) => dtype === 'float32').map(([key]) => key);
  const program: Program = {
    name,
    inputs: Object.fromEntries(entries.map(([key, { shape, dtype }]) => [key, { shape, dtype }])),
    training,
    describe<V>(ops: Ops<V>, fed: Readonly<Record<string, V>>) {
      const values = sample.forward(ops, fed);
      const loss = Object.values(values)
        .map((y) => mixed(ops, y))
        .reduce((a, b) => ops.add(a, b));
      const slopes = ops.gradients(
        loss,
        floats.map((key) => fed[key]),
      );
      const byInput = Object.fromEntries(floats.map((key, i) => [`d/d ${key}`, slopes[i]]));
      return { outputs: { ...values, ...byInput }, losses: { mixture: { value: loss, parameters } } };
    },
  };
  return { program, feeds: Object.fromEntries(entries.map(([key, { values }]) => [key, values])) };
}
