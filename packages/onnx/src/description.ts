import { type Parameter, type Program, type Shape, Tape } from '@unseen/tensor';
import type { Node } from './node.ts';
import { type Noise, Recorder } from './recorder.ts';

/** A program's recorded values: what it gives, and the gradients of its losses. */
export interface RecordedProgram {
  /** Outputs and losses by name. */
  readonly outputs: ReadonlyMap<string, Node>;
  readonly gradients: readonly { readonly loss: string; readonly parameter: Parameter; readonly value: Node }[];
  readonly noise: readonly Noise[];
}

/** Describes a program to the recorder, with the gradients of its losses unless `inference`. */
export function recordProgram(program: Program, inference = false): RecordedProgram {
  const recorder = new Recorder(!inference && (program.training ?? false));
  const tape = new Tape<Node>(recorder);
  const inputs = Object.entries(program.inputs).map(([name, spec]) => [name, recorder.input(name, spec)] as const);
  const { outputs, losses = {} } = program.describe<Node>(tape, Object.fromEntries(inputs));
  const all = new Map(Object.entries(outputs));
  if (inference) return { outputs: all, gradients: [], noise: recorder.noise };
  const gradients = Object.entries(losses).flatMap(([loss, { value, parameters }]) => {
    checkLoss(program, loss, value.shape, all);
    all.set(loss, value);
    const by = parameters.map((parameter) => tape.parameter(parameter));
    return tape.gradients(value, by).map((gradient, i) => ({ loss, parameter: parameters[i], value: gradient }));
  });
  return { outputs: all, gradients, noise: recorder.noise };
}

function checkLoss(program: Program, name: string, shape: Shape, outputs: ReadonlyMap<string, Node>): void {
  if (shape.some((n) => n !== 1)) throw new Error(`the loss '${name}' of ${program.name} has shape [${shape}], not []`);
  if (outputs.has(name)) throw new Error(`${program.name} has an output and a loss named '${name}'`);
}
