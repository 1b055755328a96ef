import type { Module } from '@unseen/nn';
import { sizeOf } from '@unseen/tensor';
import type { StateEntry, WeightFormula } from './fixture-file.ts';
import { sumsOf } from './sums.ts';

/** Weights that a fixture does not store: the tensors of the authors' state dict, and the formula of their values. */
export interface FormulaWeights {
  readonly formula: WeightFormula;
  readonly entries: readonly StateEntry[];
}

/** Our name of a tensor of the authors' state dict. */
export type Rename = (name: string) => string;

/**
 * Gives every parameter of a module its value by the formula. Names, shapes and the stored first values and sums must
 * agree, so that a network is not blamed for its weights.
 */
export function assignWeights(
  module: Pick<Module, 'namedParameters'>,
  { formula, entries }: FormulaWeights,
  rename: Rename,
): void {
  const parameters = module.namedParameters();
  const left = new Set(parameters.keys());
  for (const entry of entries) {
    if (entry.sameAs !== undefined) continue;
    const name = rename(entry.name);
    const parameter = parameters.get(name);
    if (!parameter) throw new Error(`${entry.name} is '${name}', which the module does not have`);
    const shape = [...parameter.shape, ...Array(Math.max(0, entry.shape.length - parameter.shape.length)).fill(1)];
    if (shape.join() !== entry.shape.join()) {
      throw new Error(`${entry.name} has the shape [${entry.shape}], ${name} has [${parameter.shape}]`);
    }
    fill(parameter.values, entry, formula);
    verify(parameter.values, entry);
    parameter.version++;
    left.delete(name);
  }
  if (left.size > 0) throw new Error(`the state dict has no ${[...left].join(', ')}`);
}

/** float64 throughout; the cast to float32 is that of the array. */
function fill(values: Float32Array, entry: StateEntry, { constants, gain = 1 }: WeightFormula): void {
  const { k, kind, shape } = entry;
  const { a, b, c, m, q, modulus, biasScale, bnBias, bnMean, bnPhase } = constants;
  if (q !== 'lin' && q !== 'quad') throw new Error(`the weight formula knows q = lin and quad, not ${q}`);
  const position = q === 'lin' ? (i: number) => i : (i: number) => squareModulo(i, modulus);
  const wave = (i: number) => Math.sin(a + b * k + c * position(i) * (1 + (k % m)));
  const scale = (entry.gain ?? gain) * Math.sqrt(4 / sizeOf(shape.slice(1)));
  const rules: Record<string, (i: number) => number> = {
    weight: (i) => scale * wave(i),
    bias: (i) => biasScale * wave(i),
    one: () => 1,
    bnBias: (i) => bnBias * Math.sin(k + bnPhase * i),
    bnMean: (i) => bnMean * Math.cos(k + bnPhase * i),
  };
  const rule = rules[kind];
  if (!rule) throw new Error(`${entry.name} is of the unknown kind ${kind}`);
  // Squares repeat modulo a number as their roots do.
  const period = q === 'quad' && (kind === 'weight' || kind === 'bias') ? modulus : values.length;
  const computed = Math.min(period, values.length);
  for (let i = 0; i < computed; i++) values[i] = rule(i);
  for (let filled = computed; filled < values.length; filled *= 2) values.copyWithin(filled, 0, filled);
}

/** i² mod modulus without a product beyond 2⁵³. */
function squareModulo(i: number, modulus: number): number {
  const rest = i % modulus;
  return (rest * rest) % modulus;
}

function verify(values: Float32Array, { name, first, sum }: StateEntry): void {
  first.forEach((expected, i) => {
    if (Math.abs(values[i] - expected) > 1e-10 + 2e-7 * Math.abs(expected)) {
      throw new Error(`${name}[${i}] is ${values[i]} by the formula, ${expected} in the fixture`);
    }
  });
  const { sum: total, absolute } = sumsOf(values);
  if (Math.abs(total - sum) > 1e-8 * absolute) {
    throw new Error(`${name} adds up to ${total} by the formula, to ${sum} in the fixture`);
  }
}
