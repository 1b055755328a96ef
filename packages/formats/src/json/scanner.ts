import { isUtf8 } from 'node:buffer';
import { messageOf } from '@unseen/core';

/** What a {@link JsonScanner} hands on, in the order of the text. */
export interface JsonVisitor {
  /** A member that is not a list. */
  readonly member?: (key: string, value: unknown) => void;
  /** The beginning of a list. */
  readonly list?: (key: string) => void;
  /** An element of a list, and the bytes that hold it, from the first byte of the text on. */
  readonly element?: (key: string, value: unknown, index: number, place: BytePlace) => void;
}

/** The bytes from `start` up to `end`. */
export interface BytePlace {
  readonly start: number;
  readonly end: number;
}

type State =
  | 'object'
  | 'first key'
  | 'key'
  | 'colon'
  | 'value'
  | 'first element'
  | 'element'
  | 'next element'
  | 'next'
  | 'end';

const EXPECTED: Readonly<Record<State, string>> = {
  object: "'{'",
  'first key': "a name or '}'",
  key: 'a name',
  colon: "':'",
  value: 'a value',
  'first element': "an element or ']'",
  element: 'an element',
  'next element': "',' or ']'",
  next: "',' or '}'",
  end: 'nothing more',
};

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Why a text is not a JSON object. */
export class JsonTextError extends Error {}

/**
 * Finds the members of a JSON object, and the elements of those that are lists, in UTF-8 text that comes in pieces. Each is
 * parsed by itself, so that the text need not be held. A name that occurs twice is an error: it is not clear which counts.
 */
export class JsonScanner {
  readonly #visitor: JsonVisitor;
  readonly #keys = new Set<string>();
  #state: State = 'object';
  #key = '';
  #index = 0;
  /** Within a value: where it began in the buffer, how deep it is nested, and whether it is inside a string. */
  #begin = -1;
  #depth = 0;
  #inString = false;
  #at = 0;

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor;
  }

  /**
   * Goes on in `bytes`, which hold the text from byte `position` on: what the last call left, then new text. Returns the number of
   * bytes that are finished with. Text that is not a JSON object is a {@link JsonTextError}.
   */
  scan(bytes: Buffer, position: number): number {
    for (;;) {
      if (this.#begin < 0) {
        let at = this.#at;
        while (at < bytes.length && isBlank(bytes[at])) at++;
        this.#at = at;
        if (at === bytes.length) break;
        if (this.#takeMark(bytes[at], position)) {
          this.#at++;
          continue;
        }
        this.#begin = at;
      }
      const end = this.#endOfValue(bytes);
      if (end < 0) break;
      this.#take(bytes.subarray(this.#begin, end), position + this.#begin);
      this.#begin = -1;
      this.#at = end;
    }
    const finished = this.#begin < 0 ? this.#at : this.#begin;
    this.#at -= finished;
    if (this.#begin >= 0) this.#begin = 0;
    return finished;
  }

  /** Call it at the end of the text. */
  finish(): void {
    if (this.#state === 'end') return;
    throw new JsonTextError(
      this.#begin < 0 ? `it ends where ${EXPECTED[this.#state]} is expected` : `it ends within ${this.#place()}`,
    );
  }

  /** Goes over a mark between values; false where a value begins. */
  #takeMark(byte: number, position: number): boolean {
    const state = this.#state;
    if (state === 'object' && byte === OPEN_OBJECT) this.#state = 'first key';
    else if (state === 'colon' && byte === COLON) this.#state = 'value';
    else if ((state === 'first key' || state === 'next') && byte === CLOSE_OBJECT) this.#state = 'end';
    else if (state === 'next' && byte === COMMA) this.#state = 'key';
    else if (state === 'value' && byte === OPEN_LIST) {
      this.#state = 'first element';
      this.#index = 0;
      this.#visitor.list?.(this.#key);
    } else if ((state === 'first element' || state === 'next element') && byte === CLOSE_LIST) this.#state = 'next';
    else if (state === 'next element' && byte === COMMA) this.#state = 'element';
    else {
      const isName = state === 'first key' || state === 'key';
      const isValue = (state === 'value' || state === 'first element' || state === 'element') && beginsValue(byte);
      if (isValue || (isName && byte === QUOTE)) return false;
      const found = byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `the byte ${byte}`;
      throw new JsonTextError(`${found} at byte ${position + this.#at}, where ${EXPECTED[state]} is expected`);
    }
    return true;
  }

  /** The end of the value that began; -1 if the bytes end before. */
  #endOfValue(bytes: Buffer): number {
    const { length } = bytes;
    let [at, depth, inString] = [this.#at, this.#depth, this.#inString];
    let end = -1;
    const first = bytes[this.#begin];
    if (first === QUOTE || first === OPEN_OBJECT || first === OPEN_LIST) {
      for (; at < length; at++) {
        const byte = bytes[at];
        if (inString) {
          if (byte === BACKSLASH) at++;
          else if (byte === QUOTE) {
            inString = false;
            if (depth === 0) break;
          }
        } else if (byte === QUOTE) inString = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
        else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) break;
      }
      if (at < length) end = at + 1;
    } else {
      while (at < length && !isBlank(bytes[at]) && !endsLiteral(bytes[at])) at++;
      if (at < length) end = at;
    }
    // An escaped character may be in the next piece: then the position is one beyond the end.
    this.#at = at;
    [this.#depth, this.#inString] = end < 0 ? [depth, inString] : [0, false];
    return end;
  }

  #take(bytes: Buffer, start: number): void {
    const state = this.#state;
    const value = this.#parse(bytes);
    if (state === 'first key' || state === 'key') {
      this.#key = value as string;
      if (this.#keys.has(this.#key)) throw new JsonTextError(`it has '${this.#key}' twice`);
      this.#keys.add(this.#key);
      this.#state = 'colon';
    } else if (state === 'value') {
      this.#visitor.member?.(this.#key, value);
      this.#state = 'next';
    } else {
      const index = this.#index++;
      this.#visitor.element?.(this.#key, value, index, { start, end: start + bytes.length });
      this.#state = 'next element';
    }
  }

  #parse(bytes: Buffer): unknown {
    const text = bytes.toString('utf8');
    if (text.includes('\ufffd') && !isUtf8(bytes)) throw new JsonTextError(`${this.#place()} is not UTF-8`);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new JsonTextError(`${this.#place()}: ${messageOf(error)}`);
    }
  }

  #place(): string {
    const state = this.#state;
    if (state === 'first key' || state === 'key') return 'a name';
    return `'${this.#key}${state === 'value' ? '' : `.${this.#index}`}'`;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsLiteral(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST;
}

/** Whether a byte cannot be a mark of its own; the parser judges the rest. */
function beginsValue(byte: number): boolean {
  return !endsLiteral(byte) && byte !== COLON;
}
