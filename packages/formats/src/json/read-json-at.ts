import { UserError } from '@unseen/core';
import { readFileBytes, withFile } from '../file-bytes.ts';
import type { BytePlace } from './scanner.ts';

/** Values of a JSON file at places that `readJsonObject` has told. */
export function readJsonAt(path: string, places: readonly BytePlace[]): Promise<unknown[]> {
  return withFile(path, async (file) => {
    const values: unknown[] = [];
    for (const { start, end } of places) {
      const text = new TextDecoder().decode(await readFileBytes(file, path, start, end));
      try {
        values.push(JSON.parse(text));
      } catch (error) {
        throw new UserError(
          { given: `${path} has changed while it was in use (byte ${start})`, remedy: 'start again' },
          { cause: error },
        );
      }
    }
    return values;
  });
}
