import { globalTable, type PickleContext, PickledRecord, type PickleGlobals, type PickleValue } from './values.ts';

type Arguments = readonly PickleValue[];

function orderedDictionary([items = []]: Arguments, context: PickleContext): PickleValue {
  const map = new Map<PickleValue, PickleValue>();
  if (!Array.isArray(items)) throw context.fail('makes a dictionary from something other than a list');
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 2)
      throw context.fail('makes a dictionary from something other than pairs');
    context.charge(48);
    map.set(item[0], item[1]);
  }
  context.charge(256);
  return map;
}

function set([items = []]: Arguments, context: PickleContext): PickleValue {
  if (!Array.isArray(items)) throw context.fail('makes a set from something other than a list');
  context.charge(256 + 48 * items.length);
  return new Set(items);
}

function list([items = []]: Arguments, context: PickleContext): PickleValue {
  if (!Array.isArray(items)) throw context.fail('makes a list from something other than a list');
  context.charge(64 + 16 * items.length);
  return [...items];
}

/** How Python 3 writes bytes for Python 2: as text whose characters are bytes. */
function encode([text, encoding]: Arguments, context: PickleContext): Uint8Array {
  const isLatin = typeof encoding === 'string' && /^latin-?1$/i.test(encoding);
  if (typeof text !== 'string' || !isLatin || /[^\0-\xff]/.test(text)) {
    throw context.fail('encodes something other than bytes');
  }
  context.chargeData(text.length);
  return Buffer.from(new Uint8Array(Buffer.from(text, 'latin1')).buffer);
}

function bytes([content, encoding]: Arguments, context: PickleContext): Uint8Array {
  if (content === undefined) return new Uint8Array(0);
  if (typeof content === 'string') return encode([content, encoding], context);
  if (!(content instanceof Uint8Array)) throw context.fail('makes bytes from something other than bytes');
  return content;
}

const plain: Record<string, ((args: Arguments, context: PickleContext) => PickleValue) | undefined> = {
  set,
  frozenset: set,
  list,
  bytes,
  bytearray: bytes,
  dict: orderedDictionary,
  int: undefined,
  long: undefined,
  float: undefined,
  bool: undefined,
  str: undefined,
  unicode: undefined,
};

/** Plain data of Python, under the names of Python 2 and 3. */
export const BUILTIN_GLOBALS: PickleGlobals = globalTable({
  ...Object.fromEntries(Object.entries(plain).map(([name, build]) => [`builtins.${name}`, build])),
  ...Object.fromEntries(Object.entries(plain).map(([name, build]) => [`__builtin__.${name}`, build])),
  'collections.OrderedDict': orderedDictionary,
  'collections.defaultdict': (_factory, context) => orderedDictionary([], context),
  'argparse.Namespace': () => new PickledRecord(),
  '_codecs.encode': encode,
});
