import { inflateSync } from 'node:zlib';
import { sizeOf } from '../tensor-values.ts';
import { charsOf } from './chars.ts';
import { damaged, ElementReader, MI } from './elements.ts';
import type { MatNumberClass, MatUnsupported, MatValue } from './values.ts';

const HEADER_BYTES = 128;
// Deflate cannot shrink anything further; what a compressed element promises is compared with it first.
const MAX_DEFLATE_RATIO = 1032;
const MAX_DEPTH = 32;
const MAX_DIMENSIONS = 64;
const [COMPLEX, LOGICAL] = [0x0800, 0x0200];

const CLASSES: readonly string[] = [
  ...['', 'cell', 'struct', 'object', 'char', 'sparse', 'double', 'single', 'int8', 'uint8', 'int16', 'uint16'],
  ...['int32', 'uint32', 'int64', 'uint64', 'function', 'opaque'],
];
const FIRST_NUMBER = CLASSES.indexOf('double');
const LAST_NUMBER = CLASSES.indexOf('uint64');

/** Whether bytes start as a file of version 5 does; both orders of bytes are allowed. */
export function isVersion5(bytes: Uint8Array): boolean {
  const mark = Buffer.from(bytes.subarray(126, 128)).toString('latin1');
  return bytes.length >= HEADER_BYTES && (mark === 'IM' || mark === 'MI');
}

/** Variables of a file of version 5, compressed or not; `names` leaves out all others undecoded. */
export function decodeVersion5(bytes: Uint8Array, path: string, names?: readonly string[]): Map<string, MatValue> {
  const little = bytes[126] === 0x49;
  const view = new DataView(bytes.buffer, bytes.byteOffset + HEADER_BYTES, bytes.byteLength - HEADER_BYTES);
  const reader = new ElementReader(view, path, little);
  const variables = new Map<string, MatValue>();
  while (!reader.done) {
    const { type, body } = reader.next([MI.matrix, MI.compressed]);
    const matrix = type === MI.compressed ? inflateMatrix(body, reader) : body;
    const { name, value } = readMatrix(reader.inside(matrix), 0, names);
    // The nameless variable at the end is MATLAB's own, for objects.
    if (name !== '' && (!names || names.includes(name))) variables.set(name, value);
  }
  return variables;
}

function inflateMatrix(packed: DataView, reader: ElementReader): DataView {
  const bytes = new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  // The tag within tells the size, so that nothing is unpacked further than that.
  const tag = inflate(bytes, 8, reader.path, true);
  if (tag.byteLength < 8) throw damaged(reader.path, 'has an empty compressed element');
  const [type, length] = [tag.getUint32(0, reader.little), tag.getUint32(4, reader.little)];
  if (type !== MI.matrix || length > bytes.length * MAX_DEFLATE_RATIO) {
    throw damaged(reader.path, `has a compressed element of type ${type} that declares ${length} bytes`);
  }
  const whole = inflate(bytes, 8 + length, reader.path, false);
  if (whole.byteLength < 8 + length) throw damaged(reader.path, 'has a compressed element that is too short');
  return new DataView(whole.buffer, whole.byteOffset + 8, length);
}

function inflate(packed: Uint8Array, length: number, path: string, beginning: boolean): DataView {
  try {
    // For the beginning some bytes in are enough, and an end that is missing is no error.
    const input = beginning ? packed.subarray(0, 512) : packed;
    const whole = inflateSync(input, {
      finishFlush: beginning ? 2 : 4,
      maxOutputLength: beginning ? 512 * MAX_DEFLATE_RATIO : Math.max(length, 1),
    });
    return new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  } catch (error) {
    throw damaged(path, 'has a compressed element that cannot be unpacked', error);
  }
}

function readMatrix(
  reader: ElementReader,
  depth: number,
  names?: readonly string[],
): { readonly name: string; readonly value: MatValue } {
  if (depth > MAX_DEPTH) throw damaged(reader.path, 'has values nested too deeply');
  // An element of a cell that was never set.
  if (reader.done) return { name: '', value: numbersOf(reader, 'double', [0, 0]) };
  const flags = reader.next([MI.uint32]).body;
  if (flags.byteLength < 4) throw damaged(reader.path, 'has an array without its class');
  const word = flags.getUint32(0, reader.little);
  const code = word & 0xff;
  if (code === CLASSES.indexOf('opaque')) {
    return { name: textOf(reader.nextText([MI.int8, MI.utf8]).body), value: unsupported('opaque') };
  }
  const shape = Array.from(reader.numbers(reader.nextText([MI.int32]), 'int32'), Number);
  if (shape.length < 2 || shape.length > MAX_DIMENSIONS) {
    throw damaged(reader.path, `has an array of ${shape.length} dimensions`);
  }
  if (shape.some((side) => side < 0)) throw damaged(reader.path, `has an array of shape ${shape.join(' x ')}`);
  const name = textOf(reader.nextText([MI.int8, MI.utf8]).body);
  if (names && !names.includes(name)) return { name, value: unsupported('left out') };
  return { name, value: readValue(reader, { code, flags: word, shape }, depth) };
}

interface Head {
  readonly code: number;
  readonly flags: number;
  readonly shape: readonly number[];
}

function readValue(reader: ElementReader, { code, flags, shape }: Head, depth: number): MatValue {
  const name = CLASSES[code];
  if (name === 'cell') {
    const elements = children(reader, sizeOf(shape), depth);
    return { kind: 'cell', shape, elements };
  }
  if (name === 'struct') return readStruct(reader, shape, depth);
  if (name === 'char') return readChars(reader, shape);
  if (code < FIRST_NUMBER || code > LAST_NUMBER) return unsupported(name || `number ${code}`);
  if ((flags & COMPLEX) !== 0) return unsupported('complex');
  return numbersOf(reader, (flags & LOGICAL) !== 0 ? 'logical' : (name as MatNumberClass), shape);
}

const unsupported = (name: string): MatUnsupported => ({ kind: 'unsupported', class: name });

function numbersOf(reader: ElementReader, className: MatNumberClass, shape: readonly number[]): MatValue {
  const size = sizeOf(shape);
  const element = reader.done ? { type: MI.double, body: new DataView(new ArrayBuffer(0)) } : reader.next();
  const count = reader.count(element);
  if (count !== size) throw damaged(reader.path, `has ${count} numbers for an array of shape ${shape.join(' x ')}`);
  return { kind: 'array', class: className, shape, read: async () => reader.numbers(element, className) };
}

function children(reader: ElementReader, count: number, depth: number): MatValue[] {
  const values: MatValue[] = [];
  // Ends with the bytes at the latest, whatever number is promised.
  for (let i = 0; i < count; i++) {
    reader.spend(1);
    values.push(readMatrix(reader.inside(reader.next([MI.matrix]).body), depth + 1).value);
  }
  return values;
}

function readStruct(reader: ElementReader, shape: readonly number[], depth: number): MatValue {
  const width = Number(reader.numbers(reader.nextText([MI.int32]), 'int32')[0]);
  const { body } = reader.nextText([MI.int8, MI.utf8]);
  if (!(width > 0) || body.byteLength % width !== 0) throw damaged(reader.path, 'has field names of length 0');
  reader.spend(body.byteLength / width);
  const fields = Array.from({ length: body.byteLength / width }, (_, i) =>
    textOf(new DataView(body.buffer, body.byteOffset + i * width, width)),
  );
  const count = fields.length === 0 ? 0 : sizeOf(shape);
  const elements: Map<string, MatValue>[] = [];
  for (let i = 0; i < count; i++) {
    const values = children(reader, fields.length, depth);
    elements.push(new Map(fields.map((field, j) => [field, values[j]])));
  }
  return { kind: 'struct', shape, elements };
}

function readChars(reader: ElementReader, shape: readonly number[]): MatValue {
  const size = sizeOf(shape);
  const text = size === 0 || reader.done ? '' : textOfChars(reader);
  // Letters beyond 16 bits are two in MATLAB's count; only where there are several rows does it matter.
  const letters = shape[0] === 1 ? [text] : [...text];
  if (shape[0] > 1 && letters.length !== size) {
    throw damaged(reader.path, `has ${letters.length} characters, not ${size}`);
  }
  return charsOf(letters, shape);
}

function textOfChars(reader: ElementReader): string {
  const { type, body } = reader.nextText();
  if (type === MI.utf8) return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const number = { [MI.utf16]: MI.uint16, [MI.utf32]: MI.uint32 }[type] ?? type;
  const codes = Array.from(reader.numbers({ type: number, body }, 'double'), Number);
  if (type !== MI.utf32) return codes.map((code) => String.fromCharCode(code)).join('');
  const outside = codes.find((code) => code > 0x10ffff);
  if (outside !== undefined) throw damaged(reader.path, `has the character ${outside}`);
  return codes.map((code) => String.fromCodePoint(code)).join('');
}

/** Up to the first zero. */
function textOf({ buffer, byteOffset, byteLength }: DataView): string {
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
