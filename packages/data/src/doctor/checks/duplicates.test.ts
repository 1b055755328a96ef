import { RandomStream } from '@unseen/core';
import { expect, test } from 'vitest';
import type { DatasetFacts, EntryFacts } from '../facts.ts';
import { checkDuplicates } from './duplicates.ts';

const random = new RandomStream([1, 2, 3, 4]);
const picture = () => Uint8Array.from({ length: 72 }, () => random.integer(256));

function entry(subset: 'train' | 'val', id: string, thumbnail: Uint8Array, size = [300, 400]): EntryFacts {
  return { id, subset, image: { height: size[0], width: size[1], orientation: 1, bytes: `${subset}${id}`, thumbnail } };
}

function found(train: readonly EntryFacts[], val: readonly EntryFacts[]): unknown {
  const facts = { train: { entries: train }, val: { entries: val } } as unknown as DatasetFacts;
  return checkDuplicates(facts).map(({ check, examples }) => [check, ...examples]);
}

const others = Array.from({ length: 50 }, (_, i) => entry('train', `other${i}`, picture()));

test('a picture that differs by noise is found among others; other pictures and plain ones are not', () => {
  const original = picture();
  const noisy = original.map((v, i) => (i % 3 === 0 ? Math.min(255, v + 2) : v));
  const train = [...others, entry('train', 'a', original)];
  expect(found(train, [entry('val', 'b', noisy)])).toEqual([['same-picture-in-both-subsets', 'b (val) and a (train)']]);
  expect(found(train, [entry('val', 'b', noisy, [400, 300])])).toEqual([]);
  expect(found(train, [entry('val', 'b', original.toReversed()), entry('val', 'c', picture())])).toEqual([]);
  const plain = new Uint8Array(72).fill(90);
  expect(found([entry('train', 'sky', plain)], [entry('val', 'wall', plain)])).toEqual([]);
});

test('up to three bits of the difference hash may change, in any quarter', () => {
  const original = Uint8Array.from({ length: 72 }, (_, i) => 100 + 20 * ((i % 9) % 2));
  for (const rows of [[0], [3, 7], [1, 4, 6]]) {
    const changed = original.slice();
    // One cell raised over its right neighbour changes one bit.
    for (const y of rows) changed[9 * y] = 121;
    expect(found([entry('train', 'a', original)], [entry('val', 'b', changed)])).toHaveLength(1);
  }
  const more = original.slice();
  for (let y = 0; y < 8; y++) more[9 * y] = 121;
  expect(found([entry('train', 'a', original)], [entry('val', 'b', more)])).toEqual([]);
});

test('the same id twice is no duplicate of itself', () => {
  const [a, b] = [entry('train', 'a', picture()), entry('val', 'a', picture())];
  const same = { ...b, image: { ...b.image!, bytes: a.image!.bytes } };
  expect(found([a, a], [same])).toEqual([]);
});
