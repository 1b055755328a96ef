import { readSync } from 'node:fs';
import { UserError } from '@unseen/core';

const WINDOW = 1 << 16;

/** Where a {@link ByteCursor} gets bytes from. */
export interface ByteSource {
  /** As errors call it. */
  readonly name: string;
  readonly size: number;
  /** Fills the target from a position; both are within the source. */
  fill(target: Uint8Array, position: number): void;
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    fill: (target, position) => target.set(bytes.subarray(position, position + target.length)),
  };
}

/** An open file, read as far as the cursor goes. */
export function fileSource(descriptor: number, size: number, name: string): ByteSource {
  return {
    name,
    size,
    fill(target, position) {
      for (let done = 0; done < target.length; ) {
        const count = readSync(descriptor, target, done, target.length - done, position + done);
        if (count === 0)
          throw new UserError({ given: `${name} ends early`, remedy: 'it is truncated; download it again' });
        done += count;
      }
    },
  };
}

/** Reads a source forwards. To read beyond its end is a {@link UserError}, and no memory is asked for. */
export class ByteCursor {
  readonly source: ByteSource;
  private window: Buffer = Buffer.alloc(0);
  private windowStart: number;
  private at = 0;

  constructor(source: ByteSource, position = 0) {
    this.source = source;
    this.windowStart = position;
  }

  /** Of the next byte in the source. */
  get position(): number {
    return this.windowStart + this.at;
  }

  /** Bytes up to the end of the source. */
  get remaining(): number {
    return this.source.size - this.position;
  }

  byte(): number {
    this.need(1);
    return this.window[this.at++];
  }

  /** The next bytes as an unsigned little-endian number. */
  unsigned(bytes: 2 | 4 | 8): number {
    const taken = this.take(bytes);
    if (bytes === 8) return Number(taken.readBigUInt64LE());
    return taken.readUIntLE(0, bytes);
  }

  /** The next bytes; they hold until the source is garbage, and are not shared with later ones. */
  take(count: number): Buffer {
    if (count > this.remaining) throw this.ends(`${count} bytes declared at ${this.position}`);
    if (count > WINDOW) {
      const bytes = Buffer.from(new ArrayBuffer(count));
      this.source.fill(bytes, this.position);
      this.windowStart = this.position + count;
      this.window = Buffer.alloc(0);
      this.at = 0;
      return bytes;
    }
    this.need(count);
    this.at += count;
    return this.window.subarray(this.at - count, this.at);
  }

  /** The next bytes up to a line feed, which is left out. Longer lines than the limit are a {@link UserError}. */
  line(limit: number): Buffer {
    let length = this.window.subarray(this.at, this.at + limit + 1).indexOf(0x0a);
    if (length < 0) {
      const count = Math.min(limit + 1, this.remaining);
      this.need(count);
      length = this.window.subarray(this.at, this.at + count).indexOf(0x0a);
      if (length < 0) throw this.ends(`no line end within ${count} bytes after ${this.position}`);
    }
    this.at += length + 1;
    return this.window.subarray(this.at - length - 1, this.at - 1);
  }

  private need(count: number): void {
    if (this.at + count <= this.window.length) return;
    if (count > this.remaining) throw this.ends(`${count} bytes declared at ${this.position}`);
    const start = this.position;
    // A new buffer each time: what was taken before is part of the old one.
    const window = Buffer.from(new ArrayBuffer(Math.min(Math.max(count, WINDOW), this.remaining)));
    this.source.fill(window, start);
    this.window = window;
    this.windowStart = start;
    this.at = 0;
  }

  private ends(what: string): UserError {
    const given = `${this.source.name}: ${what}, but it ends at ${this.source.size}`;
    return new UserError({ given, remedy: 'it is damaged or truncated; download it again' });
  }
}
