import type { Tape } from './gradients/tape.ts';
import type { Parameter } from './parameter.ts';
import type { Feeds, InputSpec, Program } from './program.ts';
import { sizeOf } from './shape.ts';

/** A described program with the gradients of its losses. */
export interface DescribedProgram<V> {
  /** Outputs and losses, by name. */
  readonly outputs: ReadonlyMap<string, V>;
  readonly gradients: ReadonlyMap<string, ReadonlyMap<Parameter, V>>;
}

/**
 * Describes a program on a tape, checks what it returns and takes the gradients of its losses: the part that all
 * engines share.
 */
export function describeProgram<V>(
  program: Program,
  tape: Tape<V>,
  inputs: Readonly<Record<string, V>>,
): DescribedProgram<V> {
  const { outputs, losses = {} } = program.describe(tape, inputs);
  const values = new Map(Object.entries(outputs));
  const gradients = new Map<string, ReadonlyMap<Parameter, V>>();
  for (const [name, { value, parameters }] of Object.entries(losses)) {
    if (values.has(name) && values.get(name) !== value) {
      throw new Error(`program '${program.name}' has an output and a loss called '${name}' with different values`);
    }
    if (sizeOf(tape.shape(value)) !== 1) {
      throw new Error(`loss '${name}' of program '${program.name}' has shape [${tape.shape(value)}], not one value`);
    }
    if (parameters.some((parameter) => !parameter.trainable)) {
      throw new Error(`loss '${name}' of program '${program.name}' names a parameter that is not trainable`);
    }
    values.set(name, value);
    const distinct = [...new Set(parameters)];
    const parts = tape.gradients(
      value,
      distinct.map((parameter) => tape.parameter(parameter)),
    );
    gradients.set(name, new Map(distinct.map((parameter, i) => [parameter, parts[i]])));
  }
  return { outputs: values, gradients };
}

/** The values fed to a program's inputs, converted to the types in their specs; throws if they do not fit. */
export function feedValues(program: Program, feeds: Feeds): Record<string, Float32Array | Int32Array> {
  const unknown = Object.keys(feeds).find((name) => !Object.hasOwn(program.inputs, name));
  if (unknown !== undefined) throw new Error(`program '${program.name}' has no input '${unknown}'`);
  const values = Object.entries(program.inputs).map(([name, spec]) => {
    if (feeds[name] === undefined) throw new Error(`input '${name}' of program '${program.name}' was not fed`);
    return [name, feedValue(`input '${name}' of program '${program.name}'`, spec, feeds[name])] as const;
  });
  return Object.fromEntries(values);
}

function feedValue(what: string, { shape, dtype }: InputSpec, values: Feeds[string]): Float32Array | Int32Array {
  if (values.length !== sizeOf(shape)) {
    throw new Error(`${what} of shape [${shape}] needs ${sizeOf(shape)} values, not ${values.length}`);
  }
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (values instanceof Float32Array) throw new Error(`${what} needs integers`);
  return values instanceof Int32Array ? values : Int32Array.from(values);
}
