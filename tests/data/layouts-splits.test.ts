import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDataset, listDatasets, readDatasetFile } from '@unseen/data';
import { describe, expect, test } from 'vitest';

const splits = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared'), 'data/splits');

interface Named {
  readonly id: number;
  readonly name: string;
}

interface PublishedSplit {
  readonly seen: readonly Named[];
  readonly unseen: readonly Named[];
  readonly validationSeen?: readonly Named[];
  readonly contiguousOrder: readonly number[];
}

const published = <T>(name: string): T => JSON.parse(readFileSync(join(splits, `${name}.json`), 'utf8')) as T;
const idsOf = (classes: readonly Named[]) => classes.map(({ id }) => id);

describe.skipIf(!existsSync(splits))("the authors' splits", () => {
  test.each(['voc12', 'context', 'cocostuff'])('%s of CaGNet: ids, names and channel order', async (name) => {
    const { seen, unseen, contiguousOrder } = published<PublishedSplit>(`${name}.cagnet`);
    const dataset = await describeDataset(name);
    const { default: split } = dataset.splits;
    // Channels follow this order; the list of seen classes is sorted.
    expect([...split.seen, ...split.unseen]).toEqual(contiguousOrder);
    expect(split.unseen).toEqual(idsOf(unseen));
    expect(split.seen.toSorted()).toEqual(idsOf(seen).sort());
    for (const { id, name } of [...seen, ...unseen]) {
      expect(dataset.classes.find((info) => info.id === id)?.name).toBe(name);
    }
  });

  test.each(['voc12', 'cocostuff'])('%s of SPNet: the classes that γ is chosen with', async (name) => {
    const { seen, validationSeen, contiguousOrder, unseen } = published<PublishedSplit>(`${name}.spnet`);
    const { splits } = await describeDataset(name);
    expect(splits.tuning).toEqual({ seen: idsOf(seen), unseen: idsOf(validationSeen!) });
    expect([...splits.default.seen, ...splits.default.unseen]).toEqual(contiguousOrder);
    expect(splits.default.unseen).toEqual(idsOf(unseen));
  });

  test.each([
    ['pascal', 'voc12'],
    ['context60', 'context60'],
  ])('%s of ZS3Net: 2 to 10 unseen classes, each with those of the one before', async (name, key) => {
    const { splits: wanted } = published<{ splits: Record<string, Record<string, PublishedSplit>> }>('zs3');
    const { splits: found, classes } = await describeDataset(name);
    expect(found.default).toEqual(found.unseen2);
    let before: readonly number[] = [];
    for (const count of [2, 4, 6, 8, 10]) {
      const split = wanted[key][count];
      expect(found[`unseen${count}`]).toEqual({ seen: idsOf(split.seen), unseen: idsOf(split.unseen) });
      expect(found[`unseen${count}`].unseen.slice(0, before.length)).toEqual(before);
      before = found[`unseen${count}`].unseen;
      expect(before).toHaveLength(count);
      expect(found[`unseen${count}`].seen).toContain(0);
      for (const { id, name } of [...split.seen, ...split.unseen]) {
        expect(classes.find((info) => info.id === id)?.name).toBe(name);
      }
    }
  });
});

/** Of the raw mask values of the protocols: classes, unseen ids in channel order, and what is ignored besides 255. */
test.each([
  ['voc12', 21, [16, 17, 18, 19, 20], []],
  ['context', 33, [10, 14, 18, 8], [0]],
  ['cocostuff', 182, [20, 24, 32, 33, 40, 56, 86, 99, 105, 123, 144, 147, 148, 168, 171], []],
  ['pascal', 21, [10, 14], []],
  ['context60', 60, [10, 14], []],
])('%s: the protocol', async (name, count, unseen, ignore) => {
  const dataset = await describeDataset(name);
  expect(dataset.classes).toHaveLength(count);
  expect(dataset.classes.map(({ id }) => id)).toEqual(
    Array.from({ length: count }, (_, i) => i + (name === 'context' ? 1 : 0)),
  );
  expect(dataset.splits.default.unseen).toEqual(unseen);
  expect(dataset.ignore).toEqual(ignore);
});

test('the seen classes of COCO-Stuff without a pixel are all seen', async () => {
  const { splits, classes } = await describeDataset('cocostuff');
  const removed = [11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90];
  expect(removed.every((id) => splits.default.seen.includes(id))).toBe(true);
  expect(splits.default.seen.length - removed.length).toBe(156);
  expect(classes[67].name).toBe('window');
});

test('COCO-Stuff 10k has the classes and the split of COCO-Stuff, one id higher', async () => {
  const [small, large] = [await describeDataset('cocostuff10k'), await describeDataset('cocostuff')];
  expect(small.classes.map(({ id, name, wordRow }) => [id - 1, name, wordRow])).toEqual(
    large.classes.map(({ id, name, wordRow }) => [id, name, wordRow]),
  );
  for (const name of ['default', 'tuning']) {
    for (const group of ['seen', 'unseen'] as const) {
      expect(small.splits[name][group].map((id) => id - 1)).toEqual(large.splits[name][group]);
    }
  }
  expect(small.ignore).toEqual([0]);
});

test('panoptic COCO and its things: categories, and unseen classes that COCO-Stuff has unseen too', async () => {
  const [panoptic, things, known] = await Promise.all(
    ['coco-panoptic', 'coco-instances', 'coco200'].map((name) => describeDataset(name)),
  );
  expect(panoptic.classes).toEqual(known.classes);
  expect(things.classes.map(({ id, name, wordRow }) => ({ id, name, wordRow }))).toEqual(
    known.classes.slice(0, 80).map(({ id, name, wordRow }) => ({ id, name, wordRow })),
  );
  expect(things.classes.at(-1)).toMatchObject({ id: 90, name: 'toothbrush' });
  const { classes, splits } = await describeDataset('cocostuff');
  const unseenRows = splits.default.unseen.map((id) => classes[id].wordRow);
  for (const { splits, classes: own } of [panoptic, things]) {
    const rows = splits.default.unseen.map((id) => own.find((info) => info.id === id)?.wordRow);
    expect(rows.every((row) => unseenRows.includes(row))).toBe(true);
    expect(splits.default.seen.length + splits.default.unseen.length).toBe(own.length);
  }
});

test('Cityscapes: the training ids are the evaluated labels in order, and both files agree on names and colours', async () => {
  const [benchmark, fine] = [await describeDataset('cityscapes'), await describeDataset('cityscapes-fine')];
  expect(benchmark.classes.map(({ id }) => id)).toEqual(Array.from({ length: 19 }, (_, i) => i));
  expect(fine.classes.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, i) => i + 4));
  const places = benchmark.classes.map(({ name, color }) => {
    const place = fine.classes.findIndex((info) => info.name === name);
    expect(fine.classes[place].color).toEqual(color);
    return place;
  });
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(benchmark.classes[18].name).toBe('bicycle');
});

test('every registered dataset says where it is from and on which terms', async () => {
  const paths = (await listDatasets()).flatMap(({ path }) => path ?? []);
  const files = await Promise.all(paths.map((path) => readDatasetFile(path)));
  const names = files.map(({ settings }) => settings.name);
  for (const name of ['voc07', 'cityscapes', 'cityscapes-fine', 'cocostuff10k', 'coco-panoptic', 'coco-instances']) {
    expect(names).toContain(name);
  }
  for (const { settings, path } of files) {
    expect(path).toContain(`${settings.name}.yaml`);
    expect(settings.source).toMatch(/^http/);
    expect(settings.license?.length).toBeGreaterThan(5);
  }
});
