import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { TOY_ATTRIBUTES, TOY_CLASSES } from './attributes.ts';
import { toyCaptions } from './captions.ts';

const captions = toyCaptions({ seeds: new SeedTree(0), perValue: 20, perClass: 3 });
const values: readonly string[] = Object.values(TOY_ATTRIBUTES).flat();

test('captions are reproducible', () => {
  expect(toyCaptions({ seeds: new SeedTree(0), perValue: 20, perClass: 3 })).toEqual(captions);
  expect(toyCaptions({ seeds: new SeedTree(1), perValue: 20, perClass: 3 })).not.toEqual(captions);
});

test('all classes are named, the unseen ones as often as the others', () => {
  for (const { name } of TOY_CLASSES) expect(captions.filter((caption) => caption === name)).toHaveLength(3);
});

test('apart from that every value has neighbours that no other value has', () => {
  const names = new Set(TOY_CLASSES.map(({ name }) => name));
  const neighbours = new Map(values.map((value) => [value, new Set<string>()]));
  for (const words of captions.filter((caption) => !names.has(caption)).map((caption) => caption.split(' '))) {
    const [value, ...more] = words.filter((word) => values.includes(word));
    expect(more).toEqual([]);
    for (const word of words) if (word !== value) neighbours.get(value)?.add(word);
  }
  const all = [...neighbours.values()].flatMap((words) => [...words]);
  expect(new Set(all).size).toBe(all.length);
  for (const words of neighbours.values()) expect(words.size).toBe(6);
});
