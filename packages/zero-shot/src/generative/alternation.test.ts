import { expect, test } from 'vitest';
import { isRealTurn } from './alternation.ts';

test('a hundred iterations of one kind, then a hundred of the other, real ones first', () => {
  const turns = { real: 100, synthetic: 100 };
  expect([0, 99, 100, 199, 200, 299, 300].map((i) => isRealTurn(i, turns))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
});
