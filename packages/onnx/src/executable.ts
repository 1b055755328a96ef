import type { RandomStream } from '@unseen/core';
import {
  type Executable,
  type Feeds,
  feedValues,
  type HostTensor,
  hostTensor,
  type OperatorTime,
  type Parameter,
  type Program,
  type RunResult,
  type Session,
  type Shape,
  sizeOf,
} from '@unseen/tensor';
import type { RecordedProgram } from './description.ts';
import type { LoweredGraph, Result } from './lower.ts';
import { inputName, noiseName } from './lowering.ts';
import type { Noise } from './recorder.ts';

interface NoiseBuffer {
  readonly draw: (random: RandomStream) => void;
}

/** Parts of a {@link CompiledExecutable}. */
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
  private readonly values: ReadonlyMap<string, Float32Array>;
  private readonly gradients: Readonly<Record<string, ReadonlyMap<Parameter, Float32Array>>>;
  private readonly noise: NoiseBuffer[];
  private readonly fed: ReadonlySet<string>;

  constructor({ program, recorded, lowered, session, release }: CompiledParts) {
    this.program = program;
    this.session = session;
    this.release = release;
    this.fed = new Set(lowered.graph.inputs.map(({ name }) => name));
    for (const [name, parameter] of lowered.parameters)
      this.feeds[name] = hostTensor(parameter.values, parameter.shape);
    const buffers = lowered.results.map((result) => this.allocate(result));
    const names = [...recorded.outputs.keys()];
    this.values = new Map(names.map((name, i) => [name, buffers[i]]));
    this.outputs = Object.fromEntries(names.map((name, i) => [name, lowered.results[i].shape]));
    let next = names.length;
    this.gradients = Object.fromEntries(
      [...recorded.gradients].map(([loss, parts]) => [
        loss,
        new Map([...parts.keys()].map((p) => [p, buffers[next++]])),
      ]),
    );
    this.noise = recorded.noise.map((noise, i) => this.noiseBuffer(noise, noiseName(i)));
  }

  run(feeds: Feeds, random?: RandomStream): RunResult {
    for (const [name, values] of Object.entries(feedValues(this.program, feeds)))
      if (this.fed.has(inputName(name)))
        this.feeds[inputName(name)] = hostTensor(values, this.program.inputs[name].shape);
    if (this.noise.length > 0) {
      if (!random) throw new Error(`program '${this.program.name}' draws noise: pass a random stream to run()`);
      for (const { draw } of this.noise) draw(random);
    }
    this.session.run(this.feeds, this.results);
    return {
      read: async (name) => this.value(name),
      scalar: async (name) => this.value(name)[0],
      gradients: this.gradients,
    };
  }

  /** The operators of all runs so far, if the engine times them; see `Session.profile`. */
  profile(): OperatorTime[] {
    return this.session.profile();
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
    // Noise that nothing reads is drawn too, so that later draws do not depend on it.
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
}
