import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { bytes, integer, pickleBytes, text } from './bytes.suite.ts';
import { PickledArray } from './numpy-globals.ts';
import { decodePickle, readPickle } from './read-pickle.ts';
import type { PickleValue } from './values.ts';

const data = join(import.meta.dirname, '../../test-data');
const published = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared'),
  'data/wordvec/classes',
);

const decode = (...parts: (string | Uint8Array)[]) => decodePickle(pickleBytes(...parts), 'x.pkl');

async function readMap(name: string): Promise<ReadonlyMap<PickleValue, PickleValue>> {
  const value = await readPickle(join(data, name));
  if (!(value instanceof Map)) throw new Error('no dictionary');
  return value;
}

function arrayOf(value: PickleValue | undefined): PickledArray {
  if (!(value instanceof PickledArray)) throw new Error('no array');
  return value;
}

describe('readPickle', () => {
  it.each([0, 1, 2, 3, 4, 5])('reads what Python writes with protocol %i', async (protocol) => {
    const values = await readMap(`values-${protocol}.pkl`);
    const plain = { integer: -3, big: 2n ** 70n, float: 0.25, infinite: Number.POSITIVE_INFINITY, number: 0.5 };
    for (const [name, value] of Object.entries(plain)) expect(values.get(name)).toBe(value);
    expect(values.get('tuple')).toEqual([1, [2]]);
    expect(values.get('list')).toEqual([1, 'ü', null, true]);
    expect(values.get('set')).toEqual(new Set([1]));
    expect([...(values.get('bytes') as Uint8Array)]).toEqual([0, 255]);
    expect([...(values.get('bytearray') as Uint8Array)]).toEqual([120, 121]);
    expect(values.get('default')).toEqual(new Map([['k', 1]]));
    expect(arrayOf(values.get('big_endian')).values).toEqual(Int16Array.of(0, 1, 2));
    expect(arrayOf(values.get('text')).values).toEqual(['ab', 'ç']);
    expect(arrayOf(values.get('objects')).values).toEqual([1, 'x']);
    const fortran = arrayOf(values.get('fortran'));
    expect([fortran.shape, fortran.dtype]).toEqual([[3, 2], 'I64']);
    expect([...(fortran.values as BigInt64Array)]).toEqual([0n, 3n, 1n, 4n, 2n, 5n]);
  });

  it('reads array files of objects and of numbers', async () => {
    const { shape, values } = arrayOf(await readPickle(join(data, 'dictionary.npy')));
    expect(shape).toEqual([]);
    const dictionary = values[0] as unknown as ReadonlyMap<string, PickledArray>;
    expect([...dictionary.keys()]).toEqual(['cat', 'dog']);
    expect(dictionary.get('dog')?.values).toEqual(Float64Array.of(3, 4));
  });

  it('reads the text and the numbers of Python 2', () => {
    expect(decode("S'a\\n\\x41\\''\n.")).toBe("a\nA'");
    expect(decode('T', integer(2).subarray(1), '\xff\x00.')).toBe('\xff\0');
    expect(decode('Vab\\u00fc\n.')).toBe('abü');
    expect([decode('I01\n.'), decode('I-7\n.'), decode('L12L\n.'), decode('F-0.5\n.')]).toEqual([true, -7, 12, -0.5]);
    expect(decode('\x8a\x02\x00\x80.')).toBe(-32768);
    expect(decode('\x8a\x00.')).toBe(0);
  });

  it('keeps identity: what is stored once and used twice is one value', () => {
    const [a, b] = decode('(]q\x00K\x01ah\x00l.') as [PickleValue, PickleValue];
    expect(a).toBe(b);
    expect(a).toEqual([1]);
  });

  it('explains missing files', async () => {
    await expect(readPickle(join(data, 'absent.pkl'))).rejects.toThrow('absent.pkl does not exist');
    await expect(readPickle(data)).rejects.toThrow('is a folder');
  });

  it.skipIf(!existsSync(published))('reads the published word vectors (skipped without ../shared)', async () => {
    // Sums by NumPy.
    for (const [name, dtype, shape, sum, magnitude] of [
      ['cocostuff/fasttext.pkl', 'F64', [182, 300], 45.25483007079237, 2489.1654525114236],
      ['cocostuff/glove.pkl', 'F64', [182, 300], 31.9583407583357, 2309.2339707044553],
      ['cocostuff/word2vec.pkl', 'F64', [182, 300], -170.1771776564391, 2517.7854384968],
      ['context/fasttext.pkl', 'F64', [34, 300], 23.7026, 1954.2712],
      ['context/word2vec.pkl', 'F32', [34, 300], -119.81455278396606, 1372.2039651870728],
      ['voc12/fasttext.pkl', 'F64', [21, 300], 5.36001468555687, 287.1354090772443],
      ['voc12/glove.pkl', 'F64', [21, 300], 8.039328689916282, 262.3473405781769],
      ['voc12/word2vec.pkl', 'F64', [21, 300], -23.957789816419556, 291.62568809487],
      ['zs3/norm_embed_arr_300.pkl', 'F32', [21, 300], -20.248032031189723, 260.35098134813416],
    ] as const) {
      const array = arrayOf(await readPickle(join(published, name)));
      const values = [...(array.values as Float32Array | Float64Array)];
      expect([array.dtype, array.shape], name).toEqual([dtype, shape]);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 8);
      expect(values.reduce((a, b) => a + Math.abs(b), 0)).toBeCloseTo(magnitude, 8);
    }
  });

  it.each<[string, Buffer, string]>([
    ['a command', pickleBytes("cos\nsystem\n(S'true'\ntR."), "refers to 'os.system', at byte 0"],
    ['a command of protocol 4', pickleBytes('\x80\x04\x8c\x05posix\x8c\x06system\x93.'), "'posix.system', at byte 17"],
    ['a class of the old kind', pickleBytes('(S"x"\nisubprocess\nPopen\n.'), "'subprocess.Popen'"],
    ['evaluation', pickleBytes("cbuiltins\neval\n(S'1'\ntR."), "'builtins.eval'"],
    ['attribute access', pickleBytes('c__builtin__\ngetattr\n.'), "'__builtin__.getattr'"],
    ['a name by way of a dot', pickleBytes('\x8c\x05numpy\x8c\x0ecore.os.system\x93.'), "'numpy.core.os.system'"],
    ['names of objects', pickleBytes('cbuiltins\n__proto__\n.'), "'builtins.__proto__'"],
    ['a name without a builder', pickleBytes('cbuiltins\nint\n)R.'), "calls 'builtins.int'"],
    ['a call of text', pickleBytes(text('os.system'), ')R.'), 'calls something that is not a name'],
    ['extension codes', pickleBytes('\x82\x01.'), 'unknown instruction 0x82'],
    ['buffers outside', pickleBytes('\x97.'), 'unknown instruction 0x97'],
    ['objects outside', pickleBytes(text('x'), 'Q.'), 'refers to an object outside of it'],
    ['an unknown protocol', pickleBytes('\x80\x09N.'), 'protocol 9'],
    ['arguments by name', pickleBytes('cbuiltins\nset\n)}K\x01K\x02s\x92.'), 'passes arguments by name'],
    ['a state for plain data', pickleBytes(']}b.'), 'gives a state to plain data'],
    ['an empty stack', pickleBytes('a.'), 'pops from an empty stack'],
    ['popping through a mark', pickleBytes('K\x01(a.'), 'pops from an empty stack'],
    ['a missing mark', pickleBytes('K\x01t.'), 'mark that does not exist'],
    ['an unknown memory cell', pickleBytes('h\x05.'), 'recalls 5'],
    ['appending to a tuple', pickleBytes(')K\x01a.'), 'something other than a list'],
    ['a key without a value', pickleBytes('}(K\x01u.'), 'a key without a value'],
    ['no end', pickleBytes('K\x01'), 'bytes declared at 2, but it ends at 2'],
    ['a line without end', pickleBytes(`I${'1'.repeat(100)}`), 'no line end'],
    ['a malformed number', pickleBytes('Iabc\n.'), 'a malformed number'],
    ['a float that is none', pickleBytes('F\n.'), 'a malformed number'],
    [
      'an integer of a gigabyte',
      pickleBytes('\x8b', integer(1 << 30).subarray(1), 'xx'),
      'integer of 1073741824 bytes',
    ],
    [
      'lists of lists without end in place of a word',
      pickleBytes('c_codecs\nencode\n', text('x'), ')', '2\x86'.repeat(60), '\x86R.'),
      'encodes something other than bytes',
    ],
    ['a text of an exabyte', pickleBytes('\x8d\xff\xff\xff\xff\xff\xff\xff\x0f.'), 'a text of'],
    ['bytes of an exabyte', pickleBytes('\x8e\xff\xff\xff\xff\xff\xff\xff\x0f.'), 'bytes declared'],
    ['a bytearray of an exabyte', pickleBytes('\x96\xff\xff\xff\xff\xff\xff\xff\xff.'), 'bytes declared'],
    ['a frame of an exabyte', pickleBytes('\x95\xff\xff\xff\xff\xff\xff\xff\xffN.'), 'declares a frame'],
  ])('refuses %s', (_, input, message) => {
    expect(() => decodePickle(input, 'bad.pkl')).toThrow(message);
    expect(() => decodePickle(input, 'bad.pkl')).toThrow(UserError);
    expect(() => decodePickle(input, 'bad.pkl')).toThrow(/^bad\.pkl/);
  });
});

describe('NumPy arrays in pickles', () => {
  const array = (shape: string | Uint8Array, type: string, data: string | Uint8Array) =>
    pickleBytes(
      'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01',
      shape,
      'cnumpy\ndtype\n(',
      text(type),
      'K\x00K\x01tR\x89',
      data,
      'tb.',
    );

  it('reads numbers', () => {
    const { shape, values } = arrayOf(
      decode(array('K\x02\x85', 'f4', bytes(Buffer.from([0, 0, 128, 63, 0, 0, 0, 64])))),
    );
    expect([shape, [...(values as Float32Array)]]).toEqual([[2], [1, 2]]);
  });

  it.each<[string, Buffer, string]>([
    ['more numbers than bytes', array(integer(1 << 30), 'f8', bytes(Buffer.alloc(8))), 'impossible shape'],
    ['a shape beyond the data', array('K\x03\x85', 'f4', bytes(Buffer.alloc(8))), 'another size than its shape'],
    [
      'a shape whose product overflows',
      array(pickleBytes('(', ...Array.from({ length: 9 }, () => integer(1 << 30)), 't'), 'f4', bytes(Buffer.alloc(8))),
      'impossible shape',
    ],
    ['negative shapes', array(pickleBytes('J\xff\xff\xff\xff\x85'), 'f4', bytes(Buffer.alloc(8))), 'impossible shape'],
    ['complex numbers', array('K\x01\x85', 'c8', bytes(Buffer.alloc(8))), "elements of type 'c8'"],
    ['records', array('K\x01\x85', 'V8', bytes(Buffer.alloc(8))), "elements of type 'V8'"],
    ['text without length', array(integer(1), 'S', bytes(Buffer.alloc(0))), 'impossible shape'],
    ['many empty texts', array(pickleBytes(integer(1 << 30), '\x85'), 'S0', bytes(Buffer.alloc(0))), 'size justifies'],
    ['objects of another number', array('K\x05\x85', 'O', ']'), 'another size than its shape'],
    ['numbers without bytes', array('K\x01\x85', 'f4', 'N'), 'an array without bytes'],
  ])('refuses %s', (_, input, message) => {
    expect(() => decodePickle(input, 'bad.pkl')).toThrow(message);
  });
});
