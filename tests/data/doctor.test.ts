import { examineDataset } from '@unseen/data';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { bands, type Files, HEIGHT, PETS, photo, WIDTH, writePets } from './doctor-dataset.ts';
import { listFaults } from './doctor-list-faults.ts';
import { maskFaults, painted } from './doctor-mask-faults.ts';

const examined = async (changes: Files) => (await examineDataset(await writePets(changes))).report;

test('a dataset without a fault has no finding', async () => {
  const report = await examined({});
  expect(report.findings).toEqual([]);
  expect(report.subsets).toMatchObject({ train: { images: 6, masks: 6 }, val: { images: 4, masks: 4 } });
});

test('the histogram holds every value by subset, with what it means', async () => {
  const { values, classes } = await examined({});
  const area = (HEIGHT * WIDTH) / 7;
  expect(values.map(({ value, meaning, name }) => [value, meaning, name])).toEqual([
    [1, 'class', 'cat'],
    [2, 'class', 'dog'],
    [3, 'class', 'sky'],
    [4, 'class', 'cow'],
    [9, 'class', 'sheep'],
    [255, 'unlabelled', undefined],
  ]);
  expect(values[0]).toMatchObject({ group: 'seen', color: [200, 0, 0], train: { pixels: 8 * area, images: 4 } });
  expect(values[5]).toMatchObject({ train: { pixels: 6 * area, images: 6 }, val: { pixels: 4 * area, images: 4 } });
  expect(classes[3]).toEqual({
    ...{ id: 4, name: 'cow', group: 'unseen' },
    train: { pixels: 0, images: 0 },
    val: { pixels: 4 * area, images: 2 },
  });
});

describe('planted faults are found, each by its own check alone', () => {
  test.each(Object.entries({ ...maskFaults, ...listFaults }))(
    '%s',
    async (_, { check, severity = 'error', files, says }) => {
      const { findings, ...report } = await examined(await files());
      expect(findings.map((finding) => [finding.check, finding.severity])).toEqual([[check, severity]]);
      const [{ found, examples, why, fix, count }] = findings;
      expect(`${found} | ${examples.join(' | ')} | ${why} | ${fix}`).toMatch(says);
      expect(why).not.toBe('');
      expect(count).toBeGreaterThanOrEqual(examples.length);
      expect(report.errors).toBe(severity === 'error' ? 1 : 0);
    },
  );
});

test('if all files are missing, the fix says how to get them', async () => {
  const fixes = async (text: string) => {
    const path = await writePets({ 'pets.yaml': text, 'train.txt': null, 'val.txt': null });
    return [path, (await examineDataset(path)).report.findings[0].fix];
  };
  const prepare = 'prepare: {converter: voc, archives: {trainval: {file: a.tar}}}\n';
  const [path, fix] = await fixes(PETS.replace('layout:', `${prepare}root: $UNSEEN_DATA/pets\nlayout:`));
  expect(fix).toContain(`'unseen dataset prepare ${path} --from DIR'`);
  expect(fix).toContain('UNSEEN_DATA');
  const [, without] = await fixes(PETS.replace('layout:', 'root: $UNSEEN_DATA/pets\nlayout:'));
  expect(without).toContain('UNSEEN_DATA');
  expect(without).not.toContain('prepare');
  expect((await fixes(PETS))[1]).toContain("correct the path in the dataset's YAML");
});

test('heads of images alone do not tell what looks the same, and the report says that nothing else was read', async () => {
  const path = await writePets({ 'images/v1.jpg': await photo(2, { quality: 60 }), 'images/v2.jpg': await photo(3) });
  const { report } = await examineDataset(path, { quick: true });
  expect(report.quick).toBe(true);
  expect(report.findings.map(({ check }) => check)).toEqual(['same-file-in-both-subsets']);
});

test('another split, and one that there is not', async () => {
  const path = await writePets({ 'pets.yaml': `${PETS}  other: {seen: [cow, sheep], unseen: [cat]}\n` });
  const { report } = await examineDataset(path, { split: 'other' });
  expect(report.split).toEqual({ name: 'other', seen: [4, 9], unseen: [1] });
  expect(report.findings.map(({ check }) => check)).toContain('seen-class-untrained');
  await expect(examineDataset(path, { split: 'othr' })).rejects.toThrow("did you mean 'other'?");
});

test('pictures show every class, and are the same each time', async () => {
  const { pictures } = await examineDataset(await writePets());
  const [chosen, again] = [await pictures(2), await pictures(2)];
  expect(chosen.map(({ subset, id }) => `${subset}/${id}`)).toHaveLength(4);
  const shown = (subset: string) =>
    new Set(chosen.filter((p) => p.subset === subset).flatMap(({ classes }) => classes));
  expect([...shown('val')].sort()).toEqual([1, 2, 3, 4, 9]);
  expect([...shown('train')].sort()).toEqual([1, 2, 3]);
  expect(again).toEqual(chosen);
  const { data, info } = await sharp(chosen[0].labelled.bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.height, info.width]).toEqual([HEIGHT, WIDTH]);
  const plain = await sharp(chosen[0].photo.bytes).raw().toBuffer();
  expect(data.equals(plain)).toBe(false);
});

test('faults that can be seen are among the pictures; masks without ids are shown as they are', async () => {
  const colors = painted(bands(1, 2, 3).map((v) => (v === 255 ? 0 : v)));
  const { pictures } = await examineDataset(
    await writePets({ 'masks/t4.png': colors, 'masks/v3.png': await photo(2) }),
  );
  const [train, val] = await pictures(1);
  expect([train.id, val.id]).toEqual(['t4', 'v3']);
  expect(train.remark).toMatch(/no class ids/);
  const { data } = await sharp(train.labelled.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([...data.subarray(0, 3)]).toEqual([200, 0, 0]);
});
