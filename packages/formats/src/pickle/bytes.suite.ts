/** A pickle from its instructions: text stands for the bytes of its characters. */
export function pickleBytes(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

/** The instruction that puts down a text. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from('X'), uint32(bytes.length), bytes]);
}

/** The instruction that puts down bytes. */
export function bytes(value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('B'), uint32(value.length), value]);
}

/** The instruction that puts down a number of 32 bits with its sign. */
export function integer(value: number): Buffer {
  return Buffer.concat([Buffer.from('J'), uint32(value >>> 0)]);
}

/** The instructions that put down a tuple of numbers. */
export function counts(values: readonly number[]): Buffer {
  return pickleBytes('(', ...values.map(integer), 't');
}

/** An unsigned number of 32 bits. */
export function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

/** An unsigned number of 64 bits. */
export function uint64(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
}
