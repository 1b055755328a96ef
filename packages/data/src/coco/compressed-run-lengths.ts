import { type RunLengths, UserError } from '@unseen/core';

// Numbers of 6-bit digits, the lowest 5 bits first, a sixth for "more follows"; a digit is a character from '0' on.
const FIRST = 48;
const MORE = 0x20;
const SIGN = 0x10;

/**
 * Run lengths in COCO's text form: every run from the fourth on is stored as its difference to the one two places
 * before, in digits of five bits with a sign.
 */
export function encodeCompressedRunLengths(runs: RunLengths): string {
  let text = '';
  runs.forEach((run, i) => {
    let rest = i > 2 ? run - runs[i - 2] : run;
    for (let more = true; more; ) {
      const digit = rest & 0x1f;
      rest >>= 5;
      more = digit & SIGN ? rest !== -1 : rest !== 0;
      text += String.fromCharCode(FIRST + digit + (more ? MORE : 0));
    }
  });
  return text;
}

/** Decodes COCO's text form of run lengths. Other text is a {@link UserError} about `name`. */
export function decodeCompressedRunLengths(text: string, name: string): number[] {
  const runs: number[] = [];
  let [value, shift] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - FIRST;
    // Seven digits are more pixels than any image has.
    if (digit < 0 || digit > 0x3f || shift > 30) throw damaged(name, i);
    value += (digit & 0x1f) * 2 ** shift;
    shift += 5;
    if (digit & MORE) continue;
    if (digit & SIGN) value -= 2 ** shift;
    const run = runs.length > 2 ? value + runs[runs.length - 2] : value;
    if (run < 0) throw damaged(name, i);
    runs.push(run);
    [value, shift] = [0, 0];
  }
  if (shift !== 0) throw damaged(name, text.length);
  return runs;
}

function damaged(name: string, at: number): UserError {
  return new UserError({
    given: `${name}: the run lengths cannot be read at character ${at + 1}`,
    expected: "COCO's compressed run-length text",
    remedy: 'correct them, or export the annotations again',
  });
}
