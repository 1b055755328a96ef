import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { encodeJsonObject } from './encode-json-object.ts';
import { readJsonObject } from './read-json-object.ts';
import { JsonScanner, JsonTextError } from './scanner.ts';

type Members = Record<string, unknown>;

/** What the scanner finds in a text that comes in pieces of some lengths, by turns. */
function scanned(text: string | Uint8Array, lengths: readonly number[]): Members {
  const whole = Buffer.from(text as string);
  const found: Members = Object.create(null);
  const scanner = new JsonScanner({
    member: (key, value) => {
      found[key] = value;
    },
    list: (key) => {
      found[key] = [];
    },
    element: (key, value, index, { start, end }) => {
      const list = found[key] as unknown[];
      expect(index).toBe(list.length);
      expect(JSON.parse(whole.subarray(start, end).toString())).toEqual(value);
      list.push(value);
    },
  });
  let [from, to] = [0, 0];
  for (let i = 0; to < whole.length; i++) {
    to = Math.min(whole.length, to + lengths[i % lengths.length]);
    // The bytes are used again, as those of a file being read are.
    const bytes = Buffer.from(whole.subarray(from, to));
    from += scanner.scan(bytes, from);
    bytes.fill(0);
  }
  scanner.finish();
  return found;
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const nasty = fc.constantFrom('{', '}', '[', ']', '"', '\\', '\\"', ',', ':', '😀', 'é', '\u2028', '\n');
const string = fc.array(fc.oneof(nasty, fc.string({ maxLength: 3 })), { maxLength: 5 }).map((parts) => parts.join(''));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, false, 0, -1.5e-7, 12345678901234),
    string,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(string, tie('value'), { maxKeys: 3 }),
  ),
}));
const object = fc.dictionary(string, value, { maxKeys: 5 });

test('any object in pieces of any length is what the parser makes of the whole', () => {
  fc.assert(
    fc.property(object, lengths, fc.constantFrom(undefined, 1, '\r\n\t'), (members, pieces, space) => {
      const text = JSON.stringify(members, null, space);
      expect(scanned(text, pieces)).toEqual(Object.assign(Object.create(null), JSON.parse(text)));
    }),
    { numRuns: 100 },
  );
});

test('a damaged text is refused exactly where the parser refuses it, or where a name is there twice', () => {
  const put = fc.constantFrom('', ',', '"', '{', ']', '\\', '0', 'x', ':', ' ', '\u00a0', '{}');
  fc.assert(
    fc.property(object, lengths, fc.nat(), fc.nat(3), put, (members, pieces, place, length, piece) => {
      const whole = JSON.stringify(members);
      const at = place % (whole.length + 1);
      // Half of a pair of surrogates is no text in UTF-8.
      const text = Buffer.from(whole.slice(0, at) + piece + whole.slice(at + length)).toString();
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {}
      try {
        expect(scanned(text, pieces)).toEqual(Object.assign(Object.create(null), expected));
      } catch (error) {
        if (!(error instanceof JsonTextError)) throw error;
        const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
        if (isObject) expect(error.message).toMatch(/twice/);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['', "ends where '{' is expected"],
  ['[1]', "'[' at byte 0, where '{' is expected"],
  ['{"a": [1, {"b": 2', "ends within 'a.1'"],
  ['{"a": "b\\', "ends within 'a'"],
  ['{"a": [1, 2], "b": [3, nul]}', "'b.1': "],
  ['{"a": [1 2]}', "'2' at byte 9, where ',' or ']' is expected"],
  ['{"a": [1,]}', "']' at byte 9, where an element is expected"],
  ['{"a": 1,}', "'}' at byte 8, where a name is expected"],
  ['{"a" 1}', "'1' at byte 5, where ':' is expected"],
  ['{"a": 1} x', "'x' at byte 9, where nothing more is expected"],
  ['{"a": [], "a": [1]}', "it has 'a' twice"],
  ['{"a": [{]}]}', "'a.0': "],
  ['\xff\xfe{}', 'where'],
  ['{"a": ["b", "\xe4"]}', "'a.1' is not UTF-8"],
])('%s is refused with the reason', (text, reason) => {
  for (const length of [1, 3, 100]) {
    expect(() => scanned(Buffer.from(text, 'latin1'), [length])).toThrow(reason);
  }
});

test('files of any length, with the mark of some editors, much blank space and large values', async () => {
  const path = join(temporaryFolder(), 'a.json');
  const read = async (text: string) => {
    await writeFile(path, text);
    const elements: unknown[] = [];
    await readJsonObject(path, { element: (_, element) => elements.push(element) }, { pieceBytes: 16 });
    return elements;
  };
  const long = 'x'.repeat(300);
  expect(await read(`\ufeff${' '.repeat(500)}{"a": [1, ["${long}"], {}], "info": {"b": [2]}}\n`)).toEqual([
    1,
    [long],
    {},
  ]);
  await expect(read('{"a": [1')).rejects.toThrow(
    /a\.json is not a valid JSON object \(it ends within 'a\.0'\); it may be cut/,
  );
  await writeFile(path, Buffer.from('\ufeff{"a": [1]}', 'utf16le'));
  await expect(readJsonObject(path, {})).rejects.toThrow('a.json is UTF-16; expected UTF-8; save it as UTF-8');
  await expect(readJsonObject(`${path}s`, {})).rejects.toThrow(UserError);
  await expect(readJsonObject(temporaryFolder(), {})).rejects.toThrow('is a folder');
});

test('an object is written piece by piece as the whole would be', () => {
  const list = Array.from({ length: 2001 }, (_, i) => ({ i, é: '"' }));
  const objects: Record<string, object>[] = [
    {},
    { a: {} },
    { a: [], 'b"': [1] },
    { info: { a: 1 }, list, more: list.slice(0, 1000) },
  ];
  for (const object of objects) {
    expect(Buffer.from(encodeJsonObject(object)).toString()).toBe(`${JSON.stringify(object)}\n`);
  }
});
