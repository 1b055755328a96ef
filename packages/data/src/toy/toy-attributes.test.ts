import { SeedTree, UserError } from '@unseen/core';
import { describe, expect, test } from 'vitest';
import { TOY_SIZE } from './attribute-scene.ts';
import { TOY_ATTRIBUTES, TOY_BACKGROUND, TOY_CLASSES, TOY_COLOURS, TOY_SPLIT, toyObjectKind } from './attributes.ts';
import { toyAttributes } from './toy-attributes.ts';

const seeds = new SeedTree(0);
const dataset = toyAttributes({ seeds, train: 100, val: 60 });
const masksOf = (samples: typeof dataset.train) => Promise.all(samples.map(async ({ mask }) => (await mask?.())?.data));

describe('the split', () => {
  const kinds = (ids: readonly number[]) => ids.map((id) => toyObjectKind(TOY_CLASSES[id - 1].name));

  test('has every combination of a colour and a texture once', () => {
    expect(new Set(TOY_CLASSES.map(({ name }) => name)).size).toBe(20);
    expect([...TOY_SPLIT.seen, ...TOY_SPLIT.unseen]).toEqual(TOY_CLASSES.map(({ id }) => id));
    expect([TOY_SPLIT.seen.length, TOY_SPLIT.unseen.length]).toEqual([15, 5]);
  });

  test('shows every attribute of an unseen class in at least three seen ones', () => {
    const seen = kinds(TOY_SPLIT.seen);
    for (const value of TOY_ATTRIBUTES.colour) {
      expect(seen.filter(({ colour }) => colour === value)).toHaveLength(3);
      expect(kinds(TOY_SPLIT.unseen).filter(({ colour }) => colour === value)).toHaveLength(1);
    }
    for (const value of TOY_ATTRIBUTES.texture) {
      expect(seen.filter(({ texture }) => texture === value).length).toBeGreaterThanOrEqual(3);
    }
  });

  test('gives every class a colour of its own in pictures', () => {
    expect(new Set(TOY_CLASSES.map(({ color }) => color.join())).size).toBe(20);
  });
});

test('the same seed gives the same scenes, another seed others, and a longer dataset begins with the shorter one', async () => {
  const longer = toyAttributes({ seeds: new SeedTree(0), train: 130, val: 60 });
  const other = toyAttributes({ seeds: new SeedTree(1), train: 100, val: 60 });
  expect(await dataset.train[7].image()).toEqual(await longer.train[7].image());
  expect(await dataset.train[7].mask?.()).toEqual(await longer.train[7].mask?.());
  expect(await dataset.train[7].image()).not.toEqual(await other.train[7].image());
  expect(await dataset.train[7].image()).not.toEqual(await dataset.val[7].image());
});

test('both subsets have all classes, several in an image, and background', async () => {
  for (const samples of [dataset.train, dataset.val]) {
    const masks = await masksOf(samples);
    const counts = new Map<number, number>();
    for (const mask of masks) for (const id of mask ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([TOY_BACKGROUND, ...TOY_CLASSES.map(({ id }) => id)]);
    const share = (counts.get(TOY_BACKGROUND) ?? 0) / (samples.length * TOY_SIZE ** 2);
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.8);
    const several = masks.filter((mask) => new Set(mask).size > 2).length;
    expect(several).toBeGreaterThan(samples.length / 2);
  }
});

/** Mean colour of the pixels of each class over a subset, and the share of dark ones among them. */
async function appearance() {
  const sums = TOY_CLASSES.map(() => ({ rgb: [0, 0, 0], dark: 0, pixels: 0 }));
  for (const { image, mask } of dataset.train) {
    const [{ data }, ids] = [await image(), (await mask?.())?.data ?? []];
    ids.forEach((id, p) => {
      if (id === TOY_BACKGROUND) return;
      const sum = sums[id - 1];
      const rgb = [data[3 * p], data[3 * p + 1], data[3 * p + 2]];
      rgb.forEach((value, c) => {
        sum.rgb[c] += value;
      });
      sum.dark += Math.max(...rgb) < 115 ? 1 : 0;
      sum.pixels++;
    });
  }
  return sums.map(({ rgb, dark, pixels }) => ({ rgb: rgb.map((v) => v / pixels), dark: dark / pixels }));
}

test('objects look like their names', async () => {
  const looks = await appearance();
  TOY_CLASSES.forEach(({ name }, i) => {
    const { colour, texture } = toyObjectKind(name);
    const [red, green, blue] = looks[i].rgb;
    const [r, g, b] = TOY_COLOURS[colour];
    // The mean under lamps of all colours keeps the order of clearly different channels.
    if (r - g > 0.3) expect(red, name).toBeGreaterThan(green);
    if (g - r > 0.3) expect(green, name).toBeGreaterThan(red);
    if (b - g > 0.3) expect(blue, name).toBeGreaterThan(green);
    if (g - b > 0.3) expect(green, name).toBeGreaterThan(blue);
    const ink = { plain: [0, 0.25], striped: [0.4, 0.75], banded: [0.4, 0.75], dotted: [0.25, 0.65] }[texture];
    expect(looks[i].dark, name).toBeGreaterThanOrEqual(ink[0]);
    expect(looks[i].dark, name).toBeLessThanOrEqual(ink[1]);
  });
});

test('stripes cross rows and bands cross columns', async () => {
  const changes = { striped: [0, 0], banded: [0, 0] };
  for (const { image, mask } of dataset.train) {
    const [{ data }, ids] = [await image(), (await mask?.())?.data ?? []];
    const light = (p: number) => data[3 * p] + data[3 * p + 1] + data[3 * p + 2];
    ids.forEach((id, p) => {
      const texture = id === TOY_BACKGROUND ? undefined : toyObjectKind(TOY_CLASSES[id - 1].name).texture;
      if (texture !== 'striped' && texture !== 'banded') return;
      if (ids[p + 1] === id) changes[texture][0] += Math.abs(light(p) - light(p + 1));
      if (ids[p + TOY_SIZE] === id) changes[texture][1] += Math.abs(light(p) - light(p + TOY_SIZE));
    });
  }
  expect(changes.striped[0]).toBeGreaterThan(2 * changes.striped[1]);
  expect(changes.banded[1]).toBeGreaterThan(2 * changes.banded[0]);
});

test.each(['purple striped', 'red', 'red striped square', 'striped red'])(
  "'%s' is no class of the toy world",
  (name) => {
    expect(() => toyObjectKind(name)).toThrow(UserError);
    expect(() => toyObjectKind(name)).toThrow('expected a colour and a texture: red | green');
  },
);
