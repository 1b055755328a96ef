import type { PickleMachine } from './machine.ts';
import type { PickleValue } from './values.ts';

type Opcode = (machine: PickleMachine) => void;

// Longer numbers are made to waste time.
const MAX_INTEGER_BYTES = 1024;
const MAX_LINE = 1 << 16;
const MAX_TEXT = 1 << 28;

/** The instructions of pickle protocols 0 to 5, by their byte; those that would reach outside the pickle are missing. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  Object.entries({
    // Frame and end
    '\x80': (m: PickleMachine) => {
      const version = m.cursor.byte();
      if (version > 5) throw m.fail(`is of protocol ${version}`);
    },
    '\x95': (m: PickleMachine) => {
      const length = m.cursor.unsigned(8);
      if (length > m.cursor.remaining) throw m.fail(`declares a frame of ${length} bytes`);
    },
    '.': (m: PickleMachine) => {
      m.stopped = true;
    },

    // Constants and numbers
    N: (m: PickleMachine) => m.push(null),
    '\x88': (m: PickleMachine) => m.push(true),
    '\x89': (m: PickleMachine) => m.push(false),
    I: (m: PickleMachine) => {
      const text = asciiLine(m);
      m.push(text === '00' ? false : text === '01' ? true : integer(m, text));
    },
    L: (m: PickleMachine) => m.push(integer(m, asciiLine(m).replace(/L$/, ''))),
    J: (m: PickleMachine) => m.push(m.cursor.take(4).readInt32LE()),
    K: (m: PickleMachine) => m.push(m.cursor.byte()),
    M: (m: PickleMachine) => m.push(m.cursor.unsigned(2)),
    '\x8a': (m: PickleMachine) => m.push(longInteger(m, m.cursor.byte())),
    '\x8b': (m: PickleMachine) => m.push(longInteger(m, m.cursor.unsigned(4))),
    F: (m: PickleMachine) => m.push(float(m, asciiLine(m))),
    G: (m: PickleMachine) => m.push(m.cursor.take(8).readDoubleBE()),

    // Text of Python 2, which may as well be bytes
    S: (m: PickleMachine) => m.push(quoted(m, m.cursor.line(MAX_LINE).toString('latin1'))),
    T: (m: PickleMachine) => m.push(text(m, m.cursor.unsigned(4), 'latin1')),
    U: (m: PickleMachine) => m.push(text(m, m.cursor.byte(), 'latin1')),

    // Text and bytes of Python 3
    V: (m: PickleMachine) => m.push(unescaped(m.cursor.line(MAX_LINE).toString('latin1'))),
    X: (m: PickleMachine) => m.push(text(m, m.cursor.unsigned(4), 'utf8')),
    '\x8c': (m: PickleMachine) => m.push(text(m, m.cursor.byte(), 'utf8')),
    '\x8d': (m: PickleMachine) => m.push(text(m, m.cursor.unsigned(8), 'utf8')),
    B: (m: PickleMachine) => m.push(m.cursor.take(m.cursor.unsigned(4))),
    C: (m: PickleMachine) => m.push(m.cursor.take(m.cursor.byte())),
    '\x8e': (m: PickleMachine) => m.push(m.cursor.take(m.cursor.unsigned(8))),
    '\x96': (m: PickleMachine) => m.push(m.cursor.take(m.cursor.unsigned(8))),

    // The stack
    '(': (m: PickleMachine) => m.mark(),
    '0': (m: PickleMachine) => m.discard(),
    '1': (m: PickleMachine) => {
      m.popToMark();
    },
    '2': (m: PickleMachine) => m.push(m.peek()),

    // Containers
    ']': (m: PickleMachine) => m.list(),
    l: (m: PickleMachine) => m.list(m.popToMark()),
    a: (m: PickleMachine) => {
      const item = m.pop();
      m.append([item]);
    },
    e: (m: PickleMachine) => m.append(m.popToMark()),
    ')': (m: PickleMachine) => m.tuple([]),
    t: (m: PickleMachine) => m.tuple(m.popToMark()),
    '\x85': (m: PickleMachine) => m.tuple(popSome(m, 1)),
    '\x86': (m: PickleMachine) => m.tuple(popSome(m, 2)),
    '\x87': (m: PickleMachine) => m.tuple(popSome(m, 3)),
    '}': (m: PickleMachine) => m.dictionary(),
    d: (m: PickleMachine) => m.dictionary(m.popToMark()),
    s: (m: PickleMachine) => m.setItems(popSome(m, 2)),
    u: (m: PickleMachine) => m.setItems(m.popToMark()),
    '\x8f': (m: PickleMachine) => m.set([]),
    '\x90': (m: PickleMachine) => m.addItems(m.popToMark()),
    '\x91': (m: PickleMachine) => m.set(m.popToMark()),

    // The memo
    p: (m: PickleMachine) => m.remember(memoKey(m)),
    q: (m: PickleMachine) => m.remember(m.cursor.byte()),
    r: (m: PickleMachine) => m.remember(m.cursor.unsigned(4)),
    '\x94': (m: PickleMachine) => m.remember(),
    g: (m: PickleMachine) => m.recall(memoKey(m)),
    h: (m: PickleMachine) => m.recall(m.cursor.byte()),
    j: (m: PickleMachine) => m.recall(m.cursor.unsigned(4)),

    // Names of the allow-list, and what they build
    c: (m: PickleMachine) => {
      const module = asciiLine(m);
      m.push(m.global(module, asciiLine(m)));
    },
    '\x93': (m: PickleMachine) => m.push(m.global(...(popSome(m, 2) as [PickleValue, PickleValue]))),
    R: (m: PickleMachine) => m.build(...(popSome(m, 2) as [PickleValue, PickleValue])),
    '\x81': (m: PickleMachine) => m.build(...(popSome(m, 2) as [PickleValue, PickleValue])),
    '\x92': (m: PickleMachine) => {
      const [callee, args, named] = popSome(m, 3);
      if (!(named instanceof Map) || named.size > 0) throw m.fail('passes arguments by name');
      m.build(callee, args);
    },
    i: (m: PickleMachine) => {
      const module = asciiLine(m);
      m.build(m.global(module, asciiLine(m)), m.popToMark());
    },
    o: (m: PickleMachine) => {
      const [callee, ...args] = m.popToMark();
      m.build(callee, args);
    },
    b: (m: PickleMachine) => m.setState(m.pop()),

    // Objects and buffers outside the pickle
    P: (m: PickleMachine) => m.persistent(asciiLine(m)),
    Q: (m: PickleMachine) => m.persistent(m.pop()),
    '\x98': () => undefined,
  } satisfies Record<string, Opcode>).map(([byte, opcode]) => [byte.charCodeAt(0), opcode]),
);

function popSome(machine: PickleMachine, count: number): PickleValue[] {
  return Array.from({ length: count }, () => machine.pop()).reverse();
}

function asciiLine({ cursor }: PickleMachine): string {
  return cursor.line(MAX_LINE).toString('utf8').replace(/\r$/, '');
}

function memoKey(machine: PickleMachine): number {
  const key = Number(asciiLine(machine));
  if (!Number.isSafeInteger(key) || key < 0) throw machine.fail('uses a memo key that is not a number');
  return key;
}

function integer(machine: PickleMachine, digits: string): number | bigint {
  if (!/^[+-]?\d{1,2500}$/.test(digits)) throw machine.fail('has a malformed number');
  const value = BigInt(digits.replace('+', ''));
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function longInteger(machine: PickleMachine, length: number): number | bigint {
  if (length > MAX_INTEGER_BYTES) throw machine.fail(`has an integer of ${length} bytes`);
  const bytes = Buffer.from(machine.cursor.take(length)).reverse();
  if (length === 0) return 0;
  const value = BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString('hex')}`));
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function float(machine: PickleMachine, digits: string): number {
  const special = { inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY, nan: Number.NaN };
  if (Object.hasOwn(special, digits)) return special[digits as keyof typeof special];
  const value = Number(digits);
  if (digits.trim() === '' || Number.isNaN(value)) throw machine.fail('has a malformed number');
  return value;
}

function text(machine: PickleMachine, length: number, encoding: 'utf8' | 'latin1'): string {
  if (length > MAX_TEXT) throw machine.fail(`has a text of ${length} bytes`);
  return machine.cursor.take(length).toString(encoding);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

function quoted(machine: PickleMachine, line: string): string {
  const inner = line.match(/^\s*(["'])(.*)\1\s*$/s)?.[2];
  if (inner === undefined) throw machine.fail('has a text without quotes');
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (all, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? all) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function unescaped(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})/g, (_, short, long) =>
    String.fromCodePoint(Number.parseInt(short ?? long, 16)),
  );
}
