import { type RandomStream, UserError } from '@unseen/core';
import {
  type Executable,
  type Feeds,
  type HostTensor,
  hostTensor,
  type InputSpec,
  type Parameter,
  type Program,
  type RunResult,
  type Session,
  type Shape,
  sizeOf,
} from '@unseen/tensor';
import type { RecordedProgram } from './description.ts';
import type { LoweredGraph, Result } from './lower.ts';
import type { Noise } from './recorder.ts';
import { inputName, noiseName } from './rules/leaves.ts';

interface NoiseBuffer {
  readonly draw: (random: RandomStream) => void;
}

/** What a {@link CompiledExecutable} is made of. */
export interface CompiledParts {
  readonly program: Program;
  readonly recorded: RecordedProgram;
  readonly lowered: LoweredGraph;
  readonly session: Session;
  readonly release: () => void;
}

/** A program as one ONNX graph with preallocated results. */
export class CompiledExecutable implements Executable {
  readonly outputs: Readonly<Record<string, Shape>>;
  private readonly program: Program;
  private readonly session: Session;
  private readonly release: () => void;
  private readonly feeds: Record<string, HostTensor> = {};
  private readonly results: Record<string, HostTensor> = {};
  private readonly values = new Map<string, Float32Array>();
  private readonly gradients: Record<string, Map<Parameter, Float32Array>> = {};
  private readonly noise: NoiseBuffer[];
  private readonly fed: ReadonlySet<string>;
  private readonly converted = new Map<string, Float32Array | Int32Array>();

  constructor({ program, recorded, lowered, session, release }: CompiledParts) {
    this.program = program;
    this.session = session;
    this.release = release;
    this.fed = new Set(lowered.graph.inputs.map(({ name }) => name));
    for (const [name, parameter] of lowered.parameters)
      this.feeds[name] = hostTensor(parameter.values, parameter.shape);
    const names = [...recorded.outputs.keys()];
    const buffers = lowered.results.map((result) => this.allocate(result));
    names.forEach((name, i) => {
      this.values.set(name, buffers[i]);
    });
    this.outputs = Object.fromEntries(names.map((name, i) => [name, lowered.results[i].shape]));
    for (const { loss } of recorded.gradients) this.gradients[loss] ??= new Map();
    recorded.gradients.forEach(({ loss, parameter }, i) => {
      this.gradients[loss].set(parameter, buffers[names.length + i]);
    });
    this.noise = recorded.noise.map((noise, i) => this.noiseBuffer(noise, noiseName(i)));
  }

  run(feeds: Feeds, random?: RandomStream): RunResult {
    for (const [name, spec] of Object.entries(this.program.inputs)) {
      const array = this.checked(name, spec, feeds[name]);
      if (this.fed.has(inputName(name))) this.feeds[inputName(name)] = hostTensor(array, spec.shape);
    }
    if (this.noise.length > 0) {
      if (!random) throw new Error(`${this.program.name} draws noise: a run needs a random stream`);
      for (const { draw } of this.noise) draw(random);
    }
    this.session.run(this.feeds, this.results);
    return {
      read: async (name) => this.value(name),
      scalar: async (name) => this.value(name)[0],
      gradients: this.gradients,
    };
  }

  dispose(): void {
    this.release();
  }

  private value(name: string): Float32Array {
    const value = this.values.get(name);
    if (!value) throw new Error(`${this.program.name} has no output '${name}' (${[...this.values.keys()].join(', ')})`);
    return value;
  }

  private allocate({ name, dims }: Result): Float32Array {
    const values = new Float32Array(sizeOf(dims));
    this.results[name] = hostTensor(values, dims);
    return values;
  }

  private noiseBuffer({ shape, probability }: Noise, name: string): NoiseBuffer {
    // Noise that nothing reads is drawn too: what follows must not depend on it.
    const normal = new Float32Array(probability === undefined ? sizeOf(shape) : 0);
    const ones = new Uint8Array(probability === undefined ? 0 : sizeOf(shape));
    if (this.fed.has(name)) this.feeds[name] = hostTensor(probability === undefined ? normal : ones, shape);
    return {
      draw: (random) => {
        if (probability === undefined) random.fillNormal(normal);
        else random.fillBernoulli(ones, probability);
      },
    };
  }

  private checked(
    name: string,
    { shape, dtype }: InputSpec,
    values: Feeds[string] | undefined,
  ): Float32Array | Int32Array {
    if (values?.length !== sizeOf(shape)) {
      throw new UserError({
        given: values
          ? `${values.length} values for the input '${name}' of ${this.program.name}`
          : `nothing for the input '${name}' of ${this.program.name}`,
        expected: `${sizeOf(shape)} values of shape [${shape}]`,
      });
    }
    const wanted = dtype === 'float32' ? Float32Array : Int32Array;
    if (values instanceof wanted) return values;
    const array = this.converted.get(name) ?? new wanted(values.length);
    this.converted.set(name, array);
    array.set(values);
    return array;
  }
}
