import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { TOY_ATTRIBUTES, TOY_CLASSES } from './attributes.ts';
import { toyCaptions, toyToken } from './captions.ts';

const captions = toyCaptions({ seeds: new SeedTree(0), perValue: 20, perClass: 3 });
const values: readonly string[] = Object.values(TOY_ATTRIBUTES).flat();

test('captions are reproducible', () => {
  expect(toyCaptions({ seeds: new SeedTree(0), perValue: 20, perClass: 3 })).toEqual(captions);
  expect(toyCaptions({ seeds: new SeedTree(1), perValue: 20, perClass: 3 })).not.toEqual(captions);
});

test('all classes are named, the unseen ones as often as the others', () => {
  for (const { name } of TOY_CLASSES) {
    expect(captions.filter((caption) => caption.split(' ').includes(toyToken(name)))).toHaveLength(3);
  }
});

/** The words that occur together with each of some tokens. */
function neighboursOf(tokens: readonly string[], corpus: readonly string[]) {
  const neighbours = new Map(tokens.map((token) => [token, new Set<string>()]));
  for (const words of corpus.map((caption) => caption.split(' '))) {
    const subjects = words.filter((word) => tokens.includes(word));
    for (const subject of subjects) {
      for (const word of words) if (word !== subject) neighbours.get(subject)?.add(word);
    }
  }
  return neighbours;
}

test('no two attribute values have a neighbour in common', () => {
  const neighbours = [...neighboursOf(values, captions).values()];
  const all = neighbours.flatMap((words) => [...words]);
  expect(new Set(all).size).toBe(all.length);
  for (const words of neighbours) expect(words.size).toBe(6);
});

test('classes have the neighbours of their colour and texture, and some that no other class and no value has', () => {
  const corpus = toyCaptions({ seeds: new SeedTree(0), perValue: 100, perClass: 100 });
  const ofValues = neighboursOf(values, corpus);
  const ofClasses = neighboursOf(
    TOY_CLASSES.map(({ name }) => toyToken(name)),
    corpus,
  );
  const own = new Set<string>();
  for (const { name } of TOY_CLASSES) {
    const [colour, texture] = name.split(' ').map((word) => ofValues.get(word) ?? new Set());
    const words = [...(ofClasses.get(toyToken(name)) ?? [])];
    expect(words.filter((word) => colour.has(word))).toHaveLength(6);
    expect(words.filter((word) => texture.has(word))).toHaveLength(6);
    const rest = words.filter((word) => !colour.has(word) && !texture.has(word));
    expect(rest, name).toHaveLength(3);
    for (const word of rest) own.add(word);
  }
  expect(own.size).toBe(3 * TOY_CLASSES.length);
  for (const words of ofValues.values()) for (const word of words) expect(own).not.toContain(word);
});
