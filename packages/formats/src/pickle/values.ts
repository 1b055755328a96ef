/** What a pickle can hold: lists and tuples are arrays (tuples frozen), dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>
  | ReadonlySet<PickleValue>
  | PickledObject;

/** What builders are given besides their arguments. */
export interface PickleContext {
  /** Counts memory for the structure of what is built; too much for the file's size is a `UserError`. */
  charge(bytes: number): void;
  /** Counts memory for numbers and text, which a file holds once. */
  chargeData(bytes: number): void;
  /** The error for what cannot be built, with the file and the place. */
  fail(what: string): Error;
}

/** Anything that a pickle builds by a name from the allow-list. */
export abstract class PickledObject {
  /** What the pickle sets after building: nothing is accepted by default. */
  setState(_state: PickleValue, context: PickleContext): void {
    throw context.fail(`gives a state to ${this.describe()}`);
  }

  /** For errors and lists: what this is, in a few words. */
  abstract describe(): string;
}

/** A name of the allow-list, with our own way to build what it stands for. */
export class PickleGlobal extends PickledObject {
  readonly name: string;
  readonly build: ((args: readonly PickleValue[], context: PickleContext) => PickleValue) | undefined;

  constructor(name: string, build?: (args: readonly PickleValue[], context: PickleContext) => PickleValue) {
    super();
    this.name = name;
    this.build = build;
  }

  override describe(): string {
    return this.name;
  }
}

/** The names that a pickle may use, as `module.name`. */
export type PickleGlobals = ReadonlyMap<string, PickleGlobal>;

/** A table for {@link PickleGlobals}; names without a builder may only be passed on. */
export function globalTable(builders: Readonly<Record<string, PickleGlobal['build']>>): Map<string, PickleGlobal> {
  return new Map(Object.entries(builders).map(([name, build]) => [name, new PickleGlobal(name, build)]));
}

/** Attributes that a pickle keeps as a plain record: command-line options of a training script. */
export class PickledRecord extends PickledObject {
  attributes: ReadonlyMap<PickleValue, PickleValue> = new Map();

  override setState(state: PickleValue, context: PickleContext): void {
    if (!(state instanceof Map)) throw context.fail('gives a record a state that is not a dictionary');
    this.attributes = state;
  }

  override describe(): string {
    return `a record of ${this.attributes.size} attributes`;
  }
}
