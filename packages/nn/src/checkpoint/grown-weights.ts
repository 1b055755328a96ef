import type { Parameter, Shape } from '@unseen/tensor';
import type { Module } from '../module.ts';
import { nameParameters, readFinite, requireSameTensors, withSafetensors } from './weights.ts';

/** Outputs that a network has and its weights in a file lack: `count` of them, from output `at` on. */
export interface NewOutputs {
  readonly at: number;
  readonly count: number;
}

/**
 * Loads the weights of a network that has learnt fewer outputs: where a tensor's first axis is just shorter by the new
 * outputs, these keep the weights that they have in the modules, and what was learnt behind them moves back. All other
 * tensors must fit; else nothing is changed and all that does not fit is listed in a `UserError`.
 */
export function loadGrownWeights(
  path: string,
  modules: Readonly<Record<string, Module>>,
  { at, count }: NewOutputs,
): Promise<void> {
  return withSafetensors(path, async (file) => {
    const weights = nameParameters(modules);
    const isGrown = (shape: Shape, wanted: Shape) =>
      shape.length === wanted.length && wanted.every((n, axis) => n === shape[axis] + (axis === 0 ? count : 0));
    const given = new Map(
      [...weights].filter(([name]) => file.names.includes(name)).map(([name]) => [name, file.info(name).shape]),
    );
    const grown = new Set(
      [...weights].flatMap(([name, { shape }]) => (isGrown(given.get(name) ?? [], shape) ? [name] : [])),
    );
    requireSameTensors(
      path,
      new Map([...given].map(([name, shape]) => [name, grown.has(name) ? weights.get(name)!.shape : shape])),
      new Map([...weights].map(([name, { shape }]) => [name, shape])),
    );
    const read: [Parameter, Float32Array][] = [];
    for (const [name, parameter] of weights) {
      const values = await readFinite(file, name, path);
      read.push([parameter, grown.has(name) ? withNewOutputs(values, parameter) : values]);
    }
    for (const [parameter, values] of read) parameter.assign(values);
  });

  function withNewOutputs(stored: Float32Array, { shape, values }: Parameter): Float32Array {
    const row = values.length / shape[0];
    const whole = values.slice();
    whole.set(stored.subarray(0, at * row));
    whole.set(stored.subarray(at * row), (at + count) * row);
    return whole;
  }
}
