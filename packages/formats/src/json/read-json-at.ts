import { UserError } from '@unseen/core';
import { readFileBytes, withFile } from '../file-bytes.ts';
import type { BytePlace } from './scanner.ts';

/** Values of a JSON file at places that `readJsonObject` has told. */
export function readJsonAt(path: string, places: readonly BytePlace[]): Promise<unknown[]> {
  return withFile(path, async (file) => {
    const parts = await Promise.all(places.map(({ start, end }) => readFileBytes(file, path, start, end)));
    return parts.map((bytes, i): unknown => {
      try {
        return JSON.parse(new TextDecoder().decode(bytes));
      } catch (error) {
        throw new UserError(
          { given: `${path} has changed while it was in use (byte ${places[i].start})`, remedy: 'start again' },
          { cause: error },
        );
      }
    });
  });
}
