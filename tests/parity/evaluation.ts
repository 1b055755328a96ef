import { RandomStream } from '@unseen/core';
import { createCompiledEngine } from '@unseen/onnx';
import { createEagerEngine, type Engine, type Parameter, type Program } from '@unseen/tensor';
import { expect } from 'vitest';
import type { Tensor } from './fixture.ts';

/** The engines that fixtures run on: compiled graphs, and the eager reference. */
export const engines = {
  onnxruntime: async (): Promise<Engine> => createCompiledEngine(),
  cpu: (): Promise<Engine> => createEagerEngine('cpu'),
} as const;

/** Both, where the eager one is done in a few seconds. */
export const engineNames = Object.keys(engines) as (keyof typeof engines)[];

/** For networks on which the eager one takes minutes: it has its turn where UNSEEN_SLOW is set. */
export const largeNetworkEngines = engineNames.filter((name) => name === 'onnxruntime' || process.env.UNSEEN_SLOW);

/** A stream whose normal numbers are given: one array per draw, in the order in which a program draws them. */
class GivenNoise extends RandomStream {
  readonly left: Float32Array[];

  constructor(noise: readonly Float32Array[]) {
    super([1, 2, 3, 4]);
    this.left = [...noise];
  }

  override fillNormal(out: Float32Array): Float32Array {
    const next = this.left.shift();
    if (next?.length !== out.length) throw new Error(`${out.length} normal numbers are drawn, ${next?.length} given`);
    out.set(next);
    return out;
  }
}

/** A program and what it is fed. */
export interface Evaluation {
  readonly inputs?: Readonly<Record<string, Tensor>>;
  readonly training?: boolean;
  /** What the program draws from N(0, 1); all of it must be drawn. */
  readonly noise?: readonly Float32Array[];
  readonly describe: Program['describe'];
}

/** Outputs and gradients of one run. */
export interface Evaluated {
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly gradients: Readonly<Record<string, ReadonlyMap<Parameter, Float32Array>>>;
}

/** Runs a program once. */
export async function evaluate(
  engine: Engine,
  { inputs = {}, noise = [], ...program }: Evaluation,
): Promise<Evaluated> {
  const executable = compile(engine, { inputs, ...program });
  try {
    return await executable.run(inputs, noise);
  } finally {
    executable.dispose();
  }
}

/** A program that runs as often as one likes, on inputs of the given shapes. */
export function compile(engine: Engine, { inputs = {}, training = false, describe }: Omit<Evaluation, 'noise'>) {
  const specs = Object.entries(inputs).map(([name, { shape, values }]) => {
    const dtype = values instanceof Float32Array ? ('float32' as const) : ('int32' as const);
    return [name, { shape, dtype }] as const;
  });
  const executable = engine.compile({ name: 'parity', inputs: Object.fromEntries(specs), training, describe });
  return {
    async run(given: Readonly<Record<string, Tensor>>, noise: readonly Float32Array[] = []): Promise<Evaluated> {
      const random = new GivenNoise(noise);
      const feeds = Object.entries(given).map(([name, { values }]) => [name, values] as const);
      const result = executable.run(Object.fromEntries(feeds), random);
      expect(random.left, 'noise that was not drawn').toEqual([]);
      const outputs: Record<string, Float32Array> = {};
      for (const name of Object.keys(executable.outputs)) outputs[name] = (await result.read(name)).slice();
      const gradients: Record<string, Map<Parameter, Float32Array>> = {};
      for (const [loss, parts] of Object.entries(result.gradients)) {
        gradients[loss] = new Map();
        for (const [parameter, values] of parts) gradients[loss].set(parameter, await readGradient(values));
      }
      return { outputs, gradients };
    },
    dispose: () => executable.dispose(),
  };
}

/** Gradients are arrays in the compiled engine and tensors in the eager one. */
async function readGradient(gradient: unknown): Promise<Float32Array> {
  if (gradient instanceof Float32Array) return gradient.slice();
  return Float32Array.from(await (gradient as { data(): Promise<Float32Array> }).data());
}
