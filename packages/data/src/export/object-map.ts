import { UserError } from '@unseen/core';
import { decodeRunLengths } from '@unseen/vision';
import type { ExportedSample } from './layout-writer.ts';

/** What to do if objects cannot be written. */
export const WITHOUT_OBJECTS = 'export without objects (--no-instances), or use another layout';

/**
 * Number of the object at every pixel: 1 for the first, 0 for none. Objects that overlap or contradict the mask
 * are {@link UserError}s: a picture of object ids cannot store them.
 */
export function objectMap({ id, mask, instances }: ExportedSample): Uint16Array {
  const { height, width, data } = mask;
  const numbers = new Uint16Array(height * width);
  instances?.items.forEach(({ classId, mask: runs }, index) => {
    const inside = decodeRunLengths(runs, height, width);
    for (let i = 0; i < inside.length; i++) {
      if (inside[i] === 0) continue;
      const at = `row ${Math.floor(i / width)}, column ${i % width}`;
      if (numbers[i] !== 0) {
        throw new UserError({
          given: `objects ${numbers[i]} and ${index + 1} of image '${id}' overlap at ${at}`,
          expected: 'objects that do not overlap',
          remedy: WITHOUT_OBJECTS,
        });
      }
      if (data[i] !== classId) {
        throw new UserError({
          given: `object ${index + 1} of image '${id}' is of class ${classId}, its mask says ${data[i]} at ${at}`,
          expected: 'the class of the object',
          remedy: WITHOUT_OBJECTS,
        });
      }
      numbers[i] = index + 1;
    }
  });
  return numbers;
}
