import type { MatChars } from './values.ts';

/** Text from its letters, first index fastest; those beyond the shape are left aside. */
export function charsOf(letters: readonly string[], shape: readonly number[]): MatChars {
  const [rows] = shape;
  const empty = shape.includes(0);
  const row = (start: number) => {
    let text = '';
    for (let i = start; i < letters.length; i += rows) text += letters[i];
    return text;
  };
  return { kind: 'chars', shape, rows: empty ? [] : Array.from({ length: rows }, (_, start) => row(start)) };
}
