import { UserError } from '@unseen/core';
import type { ByteCursor } from './cursor.ts';
import { type PickleContext, PickledObject, PickleGlobal, type PickleGlobals, type PickleValue } from './values.ts';

/** How a pickle is read. */
export interface UnpickleOptions {
  /** The names that it may use; every other one is an error. */
  readonly globals: PickleGlobals;
  /** What stands for an object that is stored outside the pickle; without it there may be none. */
  readonly persistent?: (id: PickleValue, context: PickleContext) => PickleValue;
}

// Approximate bytes in V8, for the budget.
const REFERENCE = 16;
const LIST = 64;
const MAP = 256;
const MEMO = 48;

const MIB = 2 ** 20;
const MAX_STRUCTURE = 1024 * MIB;

/** The stack machine that a pickle is a program for; its instructions are in `opcodes.ts`. */
export class PickleMachine implements PickleContext {
  readonly cursor: ByteCursor;
  /** Where the current instruction starts. */
  at = 0;
  stopped = false;
  private readonly options: UnpickleOptions;
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private structure: number;
  private data: number;

  constructor(cursor: ByteCursor, options: UnpickleOptions) {
    this.cursor = cursor;
    this.options = options;
    this.structure = Math.min(MAX_STRUCTURE, 4 * MIB + 32 * cursor.remaining);
    this.data = MIB + 4 * cursor.remaining;
  }

  charge(bytes: number): void {
    this.structure -= bytes;
    if (!(this.structure >= 0)) throw this.fail('builds more objects than its size justifies');
  }

  chargeData(bytes: number): void {
    this.data -= bytes;
    if (!(this.data >= 0)) throw this.fail('builds more data than its size justifies');
  }

  fail(what: string): UserError {
    return new UserError({
      given: `${this.cursor.source.name}: the pickle ${what}, at byte ${this.at}`,
      expected: 'plain data, NumPy arrays or PyTorch tensors',
      remedy: 'it may be damaged; download it again, or save only the tensors (model.state_dict())',
    });
  }

  push(value: PickleValue): void {
    this.charge(REFERENCE);
    this.stack.push(value);
  }

  pop(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.fail('pops from an empty stack');
    return this.stack.pop() as PickleValue;
  }

  peek(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  mark(): void {
    this.charge(REFERENCE);
    this.marks.push(this.stack.length);
  }

  /** Everything above the last mark, which is removed too. */
  popToMark(): PickleValue[] {
    const start = this.marks.pop();
    if (start === undefined) throw this.fail('looks for a mark that does not exist');
    return this.stack.splice(start);
  }

  /** Removes the top, or the mark where that is on top. */
  discard(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop();
    else this.pop();
  }

  list(items: PickleValue[] = []): void {
    this.charge(LIST + REFERENCE * items.length);
    this.push(items);
  }

  tuple(items: PickleValue[]): void {
    this.charge(LIST + REFERENCE * items.length);
    this.push(Object.freeze(items));
  }

  dictionary(items: readonly PickleValue[] = []): void {
    this.charge(MAP);
    const map = new Map<PickleValue, PickleValue>();
    this.push(map);
    this.setItems(items);
  }

  set(items: readonly PickleValue[]): void {
    this.charge(MAP + MEMO * items.length);
    this.push(new Set(items));
  }

  /** Adds keys and values, in turn, to the dictionary on top. */
  setItems(items: readonly PickleValue[]): void {
    const map = this.peek();
    if (!(map instanceof Map)) throw this.fail('sets entries of something other than a dictionary');
    if (items.length % 2 !== 0) throw this.fail('gives a dictionary a key without a value');
    this.charge(MEMO * (items.length / 2));
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  /** Adds to the list on top. */
  append(items: readonly PickleValue[]): void {
    const list = this.peek();
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.fail('appends to something other than a list');
    this.charge(REFERENCE * items.length);
    for (const item of items) list.push(item);
  }

  /** Adds to the set on top. */
  addItems(items: readonly PickleValue[]): void {
    const set = this.peek();
    if (!(set instanceof Set)) throw this.fail('adds members to something other than a set');
    this.charge(MEMO * items.length);
    for (const item of items) set.add(item);
  }

  remember(key = this.memo.size): void {
    this.charge(MEMO);
    this.memo.set(key, this.peek());
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw this.fail(`recalls ${key}, which was never stored`);
    this.push(this.memo.get(key) as PickleValue);
  }

  global(module: PickleValue, name: PickleValue): PickleGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.fail('refers to a name that is not text');
    const full = `${module}.${name}`;
    const found = this.options.globals.get(full);
    if (found) return found;
    throw new UserError({
      given: `${this.cursor.source.name}: the pickle refers to '${short(full)}', at byte ${this.at}`,
      expected: 'only names of PyTorch tensors, NumPy arrays and plain data; nothing else is ever loaded or executed',
      remedy:
        'if you trust the file, load it in Python and save only the tensors: torch.save(model.state_dict(), path)',
    });
  }

  /** Builds what a name of the allow-list stands for. */
  build(callee: PickleValue, args: PickleValue): void {
    if (!(callee instanceof PickleGlobal)) throw this.fail('calls something that is not a name');
    if (!Array.isArray(args)) throw this.fail(`calls '${callee.name}' without a tuple of arguments`);
    if (!callee.build) throw this.fail(`calls '${callee.name}'`);
    this.charge(LIST);
    this.push(callee.build(args, this));
  }

  /** Gives the object on top its state. Attributes of dictionaries, such as PyTorch's `_metadata`, are not kept. */
  setState(state: PickleValue): void {
    const object = this.peek();
    if (object instanceof PickledObject) object.setState(state, this);
    else if (!(object instanceof Map)) throw this.fail('gives a state to plain data');
  }

  persistent(id: PickleValue): void {
    if (!this.options.persistent) throw this.fail('refers to an object outside of it');
    this.charge(LIST);
    this.push(this.options.persistent(id, this));
  }
}

const short = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
