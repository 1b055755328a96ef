import { crc32 } from 'node:zlib';
import { sha256 } from '@unseen/core';

/** Metadata entry of the checksums; the format leaves metadata to whoever writes a file, so other readers pass over it. */
export const CHECKS_KEY = 'unseen.checks';

/** What is known of a tensor besides its content. */
interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** CRC-32 of each tensor's bytes, by name. */
export type TensorChecks = ReadonlyMap<string, number>;

/** The entry for a file: a CRC-32 of each tensor, and a SHA-256 of these and of everything else that the header says. */
export function describeChecks(
  tensors: ReadonlyMap<string, Described & { readonly bytes: Uint8Array }>,
  metadata: Readonly<Record<string, string>>,
): string {
  const checks = new Map([...tensors].map(([name, { bytes }]) => [name, crc32(bytes)]));
  return JSON.stringify({ version: 1, header: headerDigest(tensors, metadata, checks), tensors: [...checks] });
}

/**
 * The checksums of a file whose header is as it was written; `undefined` for a file without them, of another program or an
 * earlier version. Throws when the header is not as it was.
 */
export function readChecks(
  tensors: ReadonlyMap<string, Described>,
  { [CHECKS_KEY]: text, ...metadata }: Readonly<Record<string, string>>,
): TensorChecks | undefined {
  if (text === undefined) return undefined;
  const { header, tensors: entries } = JSON.parse(text) as { header: string; tensors: [string, number][] };
  const checks = new Map(entries);
  if (headerDigest(tensors, metadata, checks) !== header) throw new Error('the checksum of its header is wrong');
  return checks;
}

function headerDigest(
  tensors: ReadonlyMap<string, Described>,
  metadata: Readonly<Record<string, string>>,
  checks: TensorChecks,
): string {
  const byName = <T>(entries: Iterable<readonly [string, T]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = byName(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape, checks.get(name)]);
  return sha256(JSON.stringify([byName(Object.entries(metadata)), rows]));
}
