import { expect, it } from 'vitest';
import { excerpt, listNames, printable } from './text.ts';

it('writes what a terminal would obey as escapes', () => {
  expect(printable('a\u001b[31mb\u0007\u007f\u009b\r\u202ec')).toBe('a\\x1b[31mb\\x07\\x7f\\x9b\\x0d\\u202ec');
  expect(printable('Zebra, Löwe, 猫\n\tx')).toBe('Zebra, Löwe, 猫\n\tx');
  expect(printable('two\nlines\t', { lines: false })).toBe('two\\x0alines\\x09');
});

it('shortens long texts', () => {
  expect(excerpt('x'.repeat(80))).toBe('x'.repeat(80));
  expect(excerpt('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
});

it('lists the first of many names', () => {
  expect(listNames(['a', 'b'])).toBe('a, b');
  expect(listNames([...Array(30).keys()], 2)).toBe('0, 1, … (30 in all)');
});
