import { UserError } from './errors.ts';
import { readBytes } from './files.ts';

/** Levels of lists and objects within each other; code that walks through a value calls itself once for each. */
const MOST_LEVELS = 500;

/** Reads JSON; missing and malformed files are {@link UserError}s that name the path, as are values nested more than 500 deep. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readBytes(path), path);
}

/** {@link readJson} of bytes in UTF-8; `name` stands for them in messages. */
export function parseJson(bytes: Uint8Array, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (error) {
    throw new UserError({ given: `${name} is not valid JSON (${(error as Error).message})` }, { cause: error });
  }
  if (levelsAtMost(bytes) > MOST_LEVELS && isDeep(value)) {
    throw new UserError({ given: `${name} has values nested more than ${MOST_LEVELS} deep`, expected: 'flatter JSON' });
  }
  return value;
}

/** A bound that needs no look at what stands within quotes. */
function levelsAtMost(bytes: Uint8Array): number {
  let level = 0;
  let most = 0;
  for (let i = 0; i < bytes.length; i++) {
    // [ ] { } are 5b 5d 7b 7d.
    const bracket = bytes[i] & 0xdf;
    if (bracket === 0x5b) most = Math.max(most, ++level);
    else if (bracket === 0x5d) level--;
  }
  return most;
}

function isDeep(root: unknown): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; depth < MOST_LEVELS && level.length > 0; depth++) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return level.some((value) => typeof value === 'object' && value !== null);
}
