import { readBytes, UserError } from '@unseen/core';
import { damagedFile } from './file-bytes.ts';
import { parseNpyHeader } from './npy.ts';
import { PickledArray } from './pickle/numpy-globals.ts';
import { readPickle } from './pickle/read-pickle.ts';

/**
 * Reads the texts of a NumPy array file of any shape, in C order: Unicode (`U`), bytes (`S`, as Latin-1) or objects that
 * are all text. Arrays of anything else, Fortran order and damaged files are {@link UserError}s.
 */
export async function readNpyText(path: string): Promise<string[]> {
  const bytes = await readBytes(path);
  const { description, fortran, shape, start } = parseNpyHeader(bytes, path);
  const [, order, kind, size] = description.match(/^([<>|=]?)([US])(\d{1,7})$/) ?? [];
  if (kind === undefined || (fortran && shape.length > 1)) return readObjects(path, description);
  const width = Number(size) * (kind === 'U' ? 4 : 1);
  const count = shape.reduce((product, n) => product * n, 1);
  if (bytes.length - start !== count * width) {
    throw damagedFile(
      path,
      `has ${bytes.length - start} bytes of text, not ${count * width}`,
      'a NumPy array file (.npy)',
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const item = bytes.subarray(start + i * width, start + (i + 1) * width);
    return (kind === 'S' ? item.toString('latin1') : unicode(item, order === '>', path)).replace(/\0+$/, '');
  });
}

async function readObjects(path: string, description: string): Promise<string[]> {
  if (description.endsWith('O')) {
    const array = await readPickle(path);
    if (array instanceof PickledArray && Array.isArray(array.values)) {
      const values: readonly unknown[] = array.values;
      if (values.every((value) => typeof value === 'string')) return [...values];
    }
  }
  throw new UserError({
    given: `${path} holds elements of type '${description}'`,
    expected: 'text in C order',
    remedy: 'save it in Python: np.save(path, np.array(ids))',
  });
}

function unicode(item: Buffer, swapped: boolean, path: string): string {
  let text = '';
  for (let at = 0; at < item.length; at += 4) {
    const code = swapped ? item.readUInt32BE(at) : item.readUInt32LE(at);
    if (code > 0x10ffff) throw damagedFile(path, `has the impossible character ${code}`, 'a NumPy array file (.npy)');
    text += String.fromCodePoint(code);
  }
  return text;
}
