import { expect, test } from 'vitest';
import type { DatasetFacts, EntryFacts } from '../facts.ts';
import { checkValues } from './values.ts';

interface Options {
  readonly ignore?: readonly number[];
  readonly categories?: Readonly<Record<number, string>>;
}
type Values = readonly (readonly number[])[];

function found(train: Values, val: Values, options: Options = {}) {
  const { ignore = [], categories = {} } = options;
  const entries = (subset: 'train' | 'val', values: Values) =>
    values.map((of, i): EntryFacts => {
      const mask = {
        height: 1,
        width: of.length,
        kind: 'gray' as const,
        values: of.map((value) => [value, 1] as const),
      };
      const edges = { edges: 0, between: 0, lonely: 0, distinct: 0, strange: 0 };
      return { id: `${subset}${i}`, subset, maskPath: `${subset}${i}.png`, mask: { ...mask, edges } };
    });
  const names = ['ground', 'house', 'road'].map((name, id) => ({ id, name }));
  const classes = names.filter(({ id }) => !new Set(ignore).has(id)).slice(0, 2);
  const ids = classes.map(({ id }) => id);
  const facts = {
    ...{ classes, stored: new Map(ids.map((id) => [id, id])) },
    ...{ ignore: new Set([...ignore, 255, 65535]), declaredIgnore: new Set(ignore) },
    split: { name: 'default', seen: ids, unseen: [] },
    train: { entries: entries('train', train) },
    val: {
      entries: entries('val', val),
      annotation: { categories: new Map(Object.entries(categories).map(([id, name]) => [Number(id), name])) },
    },
  } as unknown as DatasetFacts;
  return checkValues(facts).map(({ check, found, why, fix }) => `${check}: ${found} | ${why} | ${fix}`);
}

const zeroAnd = (value: number): Values => [[0, value], [0]];

test.each<readonly [string, Values, Values, Options, RegExp]>([
  ['everywhere', zeroAnd(255), zeroAnd(255), {}, /every labelled pixel is ground \(0\), and 255 is .* neither trained nor scored.*'map: \{0: ground, 255: house\}'/],
  ['with 16 bits', zeroAnd(65535), zeroAnd(65535), {}, /and 65535 is the only other value.*'map: \{0: ground, 65535: house\}'/],
  ['in the test masks alone', zeroAnd(1), zeroAnd(255), {}, /every labelled pixel of val is ground .* house would not be scored.*'map: \{0: ground, 1: house, 255: house\}'/],
  ['in the training masks alone', zeroAnd(255), zeroAnd(1), {}, /every labelled pixel of train is ground .* house would not be trained/],
  ['beside an ignored value', zeroAnd(255), zeroAnd(255), { ignore: [0] }, /no pixel is labelled: 255 is the only value .*'map: \{255: CLASS\}'.*'ignore: \[0, 255\]'/],
])('255 for a class, %s', (_, train, val, options, says) => {
  const [finding, ...more] = found(train, val, options);
  expect(finding).toMatch(/^class-as-ignore: /);
  expect(finding).toMatch(says);
  expect(more).toEqual([]);
}); // biome-ignore format: a table

test('255 is no class where its masks, or those of the other subset with it, have two classes, and where it is ignored by name', () => {
  expect(found([[0, 1, 255], [0, 255]], zeroAnd(255))).toEqual([]); // biome-ignore format: short
  expect(found(zeroAnd(1), [[0, 255], [1]])).toEqual([]); // biome-ignore format: short
  expect(found(zeroAnd(255), zeroAnd(255), { ignore: [255] })).toEqual([]);
});

test('the value after the last class is no sign for "unlabelled" where the annotation file has such a category', () => {
  expect(found(zeroAnd(1), zeroAnd(2))[0]).toMatch(/^class-count-value/);
  expect(found(zeroAnd(1), zeroAnd(2), { categories: { 2: 'horse' } })[0]).toMatch(
    /^unknown-value: .*: 2 \(horse, 1 pixel\).* \| add the values to 'classes' or 'ignore'.*'map'/,
  );
});
