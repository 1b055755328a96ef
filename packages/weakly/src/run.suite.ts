import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { loadCheckpoint, type Module, saveCheckpoint } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import type { Parameter, Program } from '@unseen/tensor';
import { expect } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';

const engine = createCompiledEngine({ threads: 1, cachedGraphs: 0 });

/** An array with its shape, as an input of a program. */
export interface Given {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Standard normal values, always the same under a name. */
export function normalValues(name: string, shape: readonly number[]): Given {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return { shape, values: new SeedTree(5).child(name).stream().fillNormal(values) };
}

/** Runs a description once; every float of what it gives. */
export async function run(
  describe: Program['describe'],
  inputs: Readonly<Record<string, Given>>,
  training = false,
): Promise<{
  readonly outputs: Record<string, Float32Array>;
  readonly shapes: Record<string, readonly number[]>;
  readonly gradients: Record<string, ReadonlyMap<Parameter, Float32Array>>;
}> {
  const entries = Object.entries(inputs);
  const executable = engine.compile({
    name: 'test',
    training,
    inputs: Object.fromEntries(entries.map(([name, { shape }]) => [name, { shape, dtype: 'float32' as const }])),
    describe,
  });
  try {
    const result = executable.run(Object.fromEntries(entries.map(([name, { values }]) => [name, values])));
    const outputs: Record<string, Float32Array> = {};
    const shapes: Record<string, readonly number[]> = {};
    for (const [name, shape] of Object.entries(executable.outputs)) {
      outputs[name] = (await result.read(name)).slice();
      shapes[name] = shape;
    }
    const gradients: Record<string, ReadonlyMap<Parameter, Float32Array>> = {};
    for (const [loss, parts] of Object.entries(result.gradients)) {
      gradients[loss] = new Map(
        [...parts].map(([parameter, values]) => [parameter, (values as Float32Array).slice()] as const),
      );
    }
    return { outputs, shapes, gradients };
  } finally {
    executable.dispose();
  }
}

/** What `compute` gives is the same once a network's weights were saved and loaded into another one. */
export async function expectSameAfterLoading<M extends Module>(
  build: (seeds: SeedTree) => M,
  compute: (network: M) => Promise<Record<string, Float32Array>>,
): Promise<void> {
  const [saved, loaded] = [build(new SeedTree(0)), build(new SeedTree(1))];
  const before = await compute(saved);
  expect(await compute(loaded)).not.toEqual(before);
  const folder = temporaryFolder();
  const path = join(folder, 'network.safetensors');
  await saveCheckpoint(path, { modules: { network: saved } });
  await loadCheckpoint(path, { modules: { network: loaded } });
  expect(await compute(loaded)).toEqual(before);
}

/** Every gradient is finite, and none is 0 throughout. */
export function expectUseful(gradients: ReadonlyMap<Parameter, Float32Array>, parameters: readonly Parameter[]): void {
  expect(new Set(gradients.keys())).toEqual(new Set(parameters));
  for (const values of gradients.values()) {
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.some((x) => x !== 0)).toBe(true);
  }
}
