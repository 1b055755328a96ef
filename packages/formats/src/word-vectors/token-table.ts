import { fnv1a } from './hash.ts';

/** Tokens by their UTF-8 bytes: finds those that stand in a buffer without decoding anything or allocating. */
export class TokenTable {
  /** The tokens, each once, by their index. Those that no UTF-8 stands for (lone surrogates) are left out, like ''. */
  readonly tokens: readonly string[];
  readonly #bytes: readonly Buffer[];
  /** Open addressing: index + 1 of a token, 0 where there is none. */
  readonly #slots: Int32Array;

  constructor(tokens: Iterable<string>) {
    this.tokens = [...new Set(tokens)].filter((token) => token !== '' && Buffer.from(token).toString() === token);
    this.#bytes = this.tokens.map((token) => Buffer.from(token));
    this.#slots = new Int32Array(4 << Math.ceil(Math.log2(this.tokens.length + 1)));
    for (const [index, bytes] of this.#bytes.entries()) {
      let slot = this.#slotOf(bytes, 0, bytes.length);
      while (this.#slots[slot] !== 0) slot = this.#after(slot);
      this.#slots[slot] = index + 1;
    }
  }

  /** Index of the token that is `buffer[start…end)`, or -1. */
  find(buffer: Uint8Array, start: number, end: number): number {
    for (let slot = this.#slotOf(buffer, start, end); ; slot = this.#after(slot)) {
      const index = this.#slots[slot] - 1;
      if (index < 0 || this.#equals(this.#bytes[index], buffer, start, end)) return index;
    }
  }

  #slotOf(buffer: Uint8Array, start: number, end: number): number {
    return fnv1a(buffer, start, end) & (this.#slots.length - 1);
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  #equals(token: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    if (token.length !== end - start) return false;
    for (let i = 0; i < token.length; i++) if (token[i] !== buffer[start + i]) return false;
    return true;
  }
}
