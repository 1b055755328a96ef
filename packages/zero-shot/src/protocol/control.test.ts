import { expect, test } from 'vitest';
import { controlVectors, controlWarnings } from './control.ts';

const vectors = [0, 1, 2, 3, 4].map((value) => Float32Array.of(value));
const control = { embeddings: { table: 't', control: 'rotate-unseen' as const } };

test('each unseen class gets the vector of the next, the last that of the first; seen ones keep theirs', () => {
  expect(controlVectors(control, vectors, 2).map(([value]) => value)).toEqual([0, 1, 3, 4, 2]);
  expect(controlVectors({ embeddings: { table: 't' } }, vectors, 2)).toBe(vectors);
});

test('a lone unseen class cannot change places', () => {
  expect(() => controlVectors(control, vectors, 4)).toThrow('at least two');
});

test('a control says so, everything else says nothing', () => {
  expect(controlWarnings(control).join()).toContain('rotate-unseen');
  expect(controlWarnings({ embeddings: { table: 't', control: null } })).toEqual([]);
});
