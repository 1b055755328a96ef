import { damagedFile } from '../file-bytes.ts';

/** Copies `count` little-endian 32-bit floats out of a buffer. */
export function floatsAt(bytes: Uint8Array, start: number, count: number): Float32Array {
  const from = bytes.byteOffset + start;
  return new Float32Array(bytes.buffer.slice(from, from + 4 * count));
}

/** The vector of a token if it is one; with infinite numbers or none the file is damaged. */
export function checkFinite(vector: Float32Array, path: string, token: string): Float32Array {
  const bad = vector.find((value) => !Number.isFinite(value));
  if (bad === undefined) return vector;
  throw damagedFile(path, `has a vector of '${token}' with ${bad} in it`, 'finite numbers');
}
