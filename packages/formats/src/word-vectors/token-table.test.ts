import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a } from './hash.ts';
import { TokenTable } from './token-table.ts';

describe('fnv1a', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])("is the published value for '%s'", (text, hash) => {
    expect(fnv1a(Buffer.from(text), 0, Buffer.byteLength(text))).toBe(hash);
  });

  it('takes bytes as signed', () => {
    // 0x811c9dc5 XOR 0xffffffc3, times the prime.
    expect(fnv1a(Buffer.of(0xc3), 0, 1)).toBe(Number(((0x811c9dc5n ^ 0xffffffc3n) * 0x01000193n) & 0xffffffffn));
  });
});

describe('TokenTable', () => {
  it('finds what is there and nothing else, anywhere in a buffer', () => {
    const token = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'b', 'é', '語', ' ') });
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), fc.array(token), (tokens, others) => {
        const table = new TokenTable(tokens);
        for (const one of [...tokens, ...others]) {
          const bytes = Buffer.from(`<${one}>`);
          const index = table.find(bytes, 1, bytes.length - 1);
          expect(table.tokens[index]).toBe(tokens.includes(one) ? one : undefined);
        }
      }),
    );
  });

  it('leaves out what no bytes stand for', () => {
    expect(new TokenTable(['', 'a', '\ud800', 'a']).tokens).toEqual(['a']);
    expect(new TokenTable([]).find(Buffer.from('a'), 0, 1)).toBe(-1);
  });
});
