import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { textTable } from './table.ts';
import { Terminal } from './terminal.ts';

test('names that hold control characters are shown, and the terminal does not obey them', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const terminal = new Terminal({ json: false, verbose: false, stdout: stream, stderr: stream });
  const name = 'cat\u001b]0;x\u0007';
  terminal.print(textTable([['class'], [`${name}\nb`]]));
  terminal.note(name);
  terminal.error(new UserError({ given: name, remedy: name }));
  terminal.progress.warn(name);
  terminal.progress.stage(name, 'start', { index: 0, count: 1 });
  expect(written.join('')).toBe(
    [
      'class\ncat\\x1b]0;x\\x07\\x0ab\n',
      'cat\\x1b]0;x\\x07\n',
      'unseen: cat\\x1b]0;x\\x07\n  → cat\\x1b]0;x\\x07\n',
      'warning: cat\\x1b]0;x\\x07\n',
      '[1/1] cat\\x1b]0;x\\x07\n',
    ].join(''),
  );
});
