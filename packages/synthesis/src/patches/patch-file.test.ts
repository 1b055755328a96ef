import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labelArray, SeedTree, UserError } from '@unseen/core';
import { writeSafetensors } from '@unseen/formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { labelPrior } from '../label-prior.ts';
import { generatedShare, mixPatches, purePatches } from './label-patches.ts';
import { readPatchFile, writePatchFile } from './patch-file.ts';

const dir = temporaryFolder();

test.each([5, 300])('what is written is read, and nothing else lies beside it: %i classes', async (classes) => {
  const path = join(dir, `${classes}`, '0.safetensors');
  const labels = labelArray(classes, 18).map((_, i) => classes - 1 - (i % 5));
  const patches = { size: 3, count: 2, labels };
  await writePatchFile(path, patches, classes);
  expect(await readPatchFile(path, classes)).toEqual(patches);
  expect(await readdir(join(dir, `${classes}`))).toEqual(['0.safetensors']);
});

test('files of other classes, of another kind, and damaged ones are refused', async () => {
  const path = join(dir, 'b.safetensors');
  const patches = { size: 3, count: 1, labels: new Uint8Array(9).fill(4) };
  await writePatchFile(path, patches, 5);
  await expect(readPatchFile(path, 6)).rejects.toThrow('patches of 5 classes');
  await writePatchFile(path, { ...patches, labels: new Uint8Array(9).fill(5) }, 5);
  await expect(readPatchFile(path, 5)).rejects.toThrow('contains class 5');
  await writeSafetensors(path, [['patches', { shape: [1, 3, 3], values: new Uint8Array(9) }]]);
  await expect(readPatchFile(path, 5)).rejects.toThrow('a different kind');
  const metadata = { format: 'unseen-patches-1', classes: '5' };
  await writeSafetensors(path, [['patches', { shape: [1, 3, 2], values: new Uint8Array(6) }]], metadata);
  await expect(readPatchFile(path, 5)).rejects.toThrow('of shape [1,3,2]');
  await writeSafetensors(path, [['patches', { shape: [1, 3, 3], values: new Uint16Array(9) }]], metadata);
  await expect(readPatchFile(path, 5)).rejects.toThrow('expected 8-bit numbers');
  await writeFile(path, 'no patches');
  await expect(readPatchFile(path, 5)).rejects.toThrow(UserError);
  await expect(readPatchFile(join(dir, 'none'), 5)).rejects.toThrow('does not exist');
});

test('pure patches show one class each, in the proportions of the prior', () => {
  const prior = labelPrior({ seen: 3, unseen: 2, unseenProbability: 0.8 });
  const { count, labels } = purePatches({ size: 3, count: 4000 }, prior, new SeedTree(0).stream());
  const counts = new Array(5).fill(0);
  for (let i = 0; i < count; i++) {
    expect(new Set(labels.subarray(9 * i, 9 * i + 9)).size).toBe(1);
    counts[labels[9 * i]]++;
  }
  counts.forEach((found, c) => {
    expect(Math.abs(found / count - prior[c])).toBeLessThan(0.03);
  });
});

test('one of nine patches is generated where there are eight pure ones for each', () => {
  expect(generatedShare(4096, 8)).toBe(455);
  expect(generatedShare(10, 0)).toBe(10);
});

test('mixing changes the order of the patches and nothing else', () => {
  const sets = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(sets, fc.nat(99), (counts, seed) => {
      let next = 0;
      const given = counts.map((count) => ({
        size: 2,
        count,
        labels: Uint8Array.from({ length: count * 4 }, () => next++),
      }));
      const { size, count, labels } = mixPatches(given, new SeedTree(seed).stream());
      const patches = Array.from({ length: count }, (_, i) => [...labels.subarray(4 * i, 4 * i + 4)].join());
      const before = given.flatMap((set) =>
        Array.from({ length: set.count }, (_, i) => [...set.labels.subarray(4 * i, 4 * i + 4)].join()),
      );
      expect(size).toBe(2);
      expect(patches.toSorted()).toEqual(before.toSorted());
    }),
  );
  expect(() =>
    mixPatches(
      [2, 3].map((size) => ({ size, count: 1, labels: new Uint8Array(size * size) })),
      new SeedTree(0).stream(),
    ),
  ).toThrow('several sizes');
});
