import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@unseen/core';
import { describeProgram, feedValues } from '../describe.ts';
import { Tape } from '../gradients/tape.ts';
import { Parameter } from '../parameter.ts';
import type { Device, Engine, Executable, Feeds, Program, RunResult, UpdateRule, Updater } from '../program.ts';
import { type Shape, sizeOf } from '../shape.ts';
import { ShapeOps } from '../shape-ops.ts';
import { DeviceWeights } from './device.ts';
import { EagerOps } from './ops.ts';
import { TfDevice } from './tf-device.ts';

/** Tensors that outlive the evaluation that made them. */
interface Results {
  readonly outputs: ReadonlyMap<string, tf.Tensor>;
  readonly gradients: Readonly<Record<string, ReadonlyMap<Parameter, tf.Tensor>>>;
}

/** `tf.tidy` for results of any type: everything that is not kept is disposed of. */
function tidy<R>(evaluate: () => R): R {
  tf.engine().startScope();
  try {
    return evaluate();
  } finally {
    tf.engine().endScope();
  }
}

/** A separate tensor on the same data, so that disposing of it harms no weight and no other result. */
function keepAll<K>(tensors: ReadonlyMap<K, tf.Tensor>): Map<K, tf.Tensor> {
  return new Map([...tensors].map(([key, tensor]) => [key, tf.keep(tf.clone(tensor))]));
}

function disposeOf(results: Results | undefined): void {
  for (const tensor of results?.outputs.values() ?? []) tensor.dispose();
  for (const gradients of Object.values(results?.gradients ?? {}))
    for (const tensor of gradients.values()) tensor.dispose();
}

class EagerResult implements RunResult {
  readonly gradients: Results['gradients'];
  private readonly outputs: Results['outputs'];

  constructor({ outputs, gradients }: Results) {
    this.outputs = outputs;
    this.gradients = gradients;
  }

  held(name: string): tf.Tensor {
    const tensor = this.outputs.get(name);
    if (!tensor) throw new Error(`unknown output '${name}'; expected one of: ${[...this.outputs.keys()].join(', ')}`);
    if (tensor.isDisposed) throw new Error(`output '${name}' was overwritten by a later run`);
    return tensor;
  }

  async read(name: string): Promise<Float32Array> {
    const values = await this.held(name).data();
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }

  async scalar(name: string): Promise<number> {
    const values = await this.read(name);
    if (values.length !== 1) throw new Error(`output '${name}' has ${values.length} values, not one`);
    return values[0];
  }
}

class EagerExecutable implements Executable {
  readonly outputs: Readonly<Record<string, Shape>>;
  private readonly program: Program;
  private readonly weights: DeviceWeights;
  private readonly checkBackend: () => void;
  private results: Results | undefined;

  constructor(program: Program, weights: DeviceWeights, checkBackend: () => void) {
    this.program = program;
    this.weights = weights;
    this.checkBackend = checkBackend;
    const shapes = new Tape(new ShapeOps(program.training ?? false));
    const inputs = Object.entries(program.inputs).map(([name, { shape }]) => [name, { shape }]);
    const { outputs } = describeProgram(program, shapes, Object.fromEntries(inputs));
    this.outputs = Object.fromEntries([...outputs].map(([name, { shape }]) => [name, shape]));
  }

  run(feeds: Feeds, random?: RandomStream): RunResult {
    this.checkBackend();
    const values = feedValues(this.program, feeds);
    this.dispose();
    const results = tidy(() => this.evaluate(values, random));
    this.results = results;
    return new EagerResult(results);
  }

  private evaluate(values: ReturnType<typeof feedValues>, random: RandomStream | undefined): Results {
    const { name, inputs, training = false } = this.program;
    const ops = new EagerOps({
      training,
      parameter: (parameter) => this.weights.get(parameter),
      random: () => {
        if (random) return random;
        throw new Error(`program '${name}' draws noise: pass a random stream to run()`);
      },
    });
    const tensors = Object.entries(inputs).map(([input, { shape, dtype }]) => [
      input,
      tf.tensor(values[input], [...shape], dtype),
    ]);
    const { outputs, gradients } = describeProgram(this.program, new Tape(ops), Object.fromEntries(tensors));
    return {
      outputs: keepAll(outputs),
      gradients: Object.fromEntries([...gradients].map(([loss, parts]) => [loss, keepAll(parts)])),
    };
  }

  dispose(): void {
    disposeOf(this.results);
    this.results = undefined;
  }
}

class EagerUpdater implements Updater {
  private readonly rule: UpdateRule;
  private readonly weights: DeviceWeights;

  constructor(rule: UpdateRule, weights: DeviceWeights) {
    this.rule = rule;
    this.weights = weights;
  }

  apply(
    parameter: Parameter,
    gradient: unknown,
    slots: Readonly<Record<string, Parameter>>,
    scalars: Readonly<Record<string, number>>,
  ): void {
    const { rule, weights } = this;
    const given = gradient instanceof Parameter ? weights.get(gradient) : gradient;
    if (!(given instanceof tf.Tensor) || given.isDisposed) {
      throw new Error('the gradient does not come from the last run of this engine');
    }
    tidy(() => {
      const vector = (tensor: tf.Tensor): tf.Tensor => tf.reshape(tensor, [sizeOf(parameter.shape)]);
      const updated = rule.update<tf.Tensor>(
        new Tape(new EagerOps({ training: true, parameter: (p) => weights.get(p), random: noNoise })),
        vector(weights.get(parameter)),
        vector(given),
        Object.fromEntries(rule.slots.map((slot) => [slot, vector(weights.get(slots[slot]))])),
        Object.fromEntries(rule.scalars.map((name) => [name, tf.tensor1d([scalars[name]])])),
      );
      const store = (target: Parameter, value: tf.Tensor) => weights.set(target, tf.reshape(value, [...target.shape]));
      store(parameter, updated.weights);
      for (const slot of rule.slots) store(slots[slot], updated.slots[slot]);
    });
  }

  dispose(): void {}
}

function noNoise(): never {
  throw new Error('an update rule draws no noise');
}

/**
 * The engine that evaluates a program operation by operation on a TF.js backend: the reference, and the engine for
 * GPUs. The backend must be the active one (see `createEagerEngine`).
 */
export class EagerEngine implements Engine {
  readonly name: string;
  readonly device?: Device;
  private readonly weights = new DeviceWeights();

  /** `device` names the device of a backend whose memory is not the host's. */
  constructor(backend: string, device?: string) {
    this.name = backend;
    this.checkBackend();
    if (device !== undefined) this.device = new TfDevice(device);
  }

  private checkBackend = (): void => {
    if (tf.getBackend() === this.name) return;
    throw new Error(`the active TF.js backend is '${tf.getBackend()}', not '${this.name}': select it first`);
  };

  compile(program: Program): Executable {
    return new EagerExecutable(program, this.weights, this.checkBackend);
  }

  updater(rule: UpdateRule): Updater {
    return new EagerUpdater(rule, this.weights);
  }

  async pull(parameters: Iterable<Parameter>): Promise<void> {
    await Promise.all([...new Set(parameters)].map((parameter) => this.weights.pull(parameter)));
  }

  dispose(): void {
    this.weights.dispose();
  }
}
