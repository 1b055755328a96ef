import { deflateSync } from 'node:zlib';
import { UserError } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { MI } from './elements.ts';
import { matBytes } from './mat-writer.suite.ts';
import { decodeVersion5 } from './version5.ts';

const [STRUCT, CHAR, DOUBLE] = [2, 4, 6];
const int32 = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);

function element(type: number, ...bodies: Uint8Array[]): Buffer {
  const body = Buffer.concat(bodies);
  return Buffer.concat([int32(type, body.length), body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
}

const head = (code: number, shape: Buffer, name: Buffer) =>
  Buffer.concat([element(MI.uint32, int32(code, 0)), element(MI.int32, shape), element(MI.int8, name)]);

/** A file with one compressed matrix, about a thousandth as large as that. */
function fileOf(...parts: Uint8Array[]): Buffer {
  const packed = deflateSync(element(MI.matrix, ...parts));
  const header = matBytes({});
  return Buffer.concat([header, int32(MI.compressed, packed.length), packed]);
}

describe('decodeVersion5', () => {
  const many = 17_000_000;
  const one = int32(1, 1);
  const a = Buffer.from('a');
  const number = element(MI.double, Buffer.alloc(8));

  it.each([
    ['text', () => fileOf(head(CHAR, int32(1, many), a), element(MI.uint8, Buffer.alloc(many))), /bytes of text/],
    ['name', () => fileOf(head(DOUBLE, one, Buffer.alloc(many, 'a')), number), /bytes of text/],
    ['shape', () => fileOf(head(DOUBLE, Buffer.alloc(many, one), a), number), /bytes of text/],
    ['shape of 65 sides', () => fileOf(head(DOUBLE, Buffer.alloc(260, one), a), number), /of 65 dimensions/],
    [
      'list of fields',
      () => fileOf(head(STRUCT, one, a), element(MI.int32, int32(1)), element(MI.int8, Buffer.alloc(2_000_000, 'a'))),
      /more than 1000000 values/,
    ],
  ])('does not unfold an endless %s out of a few bytes', (_, make, message) => {
    const bytes = make();
    expect(bytes.length).toBeLessThan(30_000);
    const error = (() => {
      try {
        return decodeVersion5(bytes, 'bomb.mat');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
  });
});
