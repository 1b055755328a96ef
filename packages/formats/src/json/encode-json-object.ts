/** Elements that are turned into text at a time. */
const PIECE = 1000;

/**
 * An object as JSON in UTF-8, the bytes of `JSON.stringify` and a line end. Its lists are written piece by piece, since the whole may be longer
 * than Node's strings (512 MiB).
 */
export function encodeJsonObject(members: Readonly<Record<string, object>>): Uint8Array {
  const parts: Buffer[] = [];
  const add = (text: string) => parts.push(Buffer.from(text));
  Object.entries(members).forEach(([key, value], i) => {
    add(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    if (!Array.isArray(value) || value.length === 0) {
      add(JSON.stringify(value));
      return;
    }
    for (let from = 0; from < value.length; from += PIECE) {
      const piece = JSON.stringify(value.slice(from, from + PIECE));
      add(`${from === 0 ? '[' : ','}${piece.slice(1, -1)}`);
    }
    add(']');
  });
  if (parts.length === 0) add('{');
  add('}\n');
  return Buffer.concat(parts);
}
