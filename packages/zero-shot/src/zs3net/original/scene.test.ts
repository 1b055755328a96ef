import { SeedTree } from '@unseen/core';
import { labelPrior } from '@unseen/synthesis';
import { expect, test } from 'vitest';
import { layOutScene, pixelsByClass, type SceneOptions } from './scene.ts';

const random = new SeedTree(6).stream();
const options: SceneOptions = {
  grid: [2, 2],
  seen: 2,
  layout: 'random',
  synthetic: 1,
  prior: labelPrior({ seen: 2, unseen: 1, unseenProbability: 0.5 }),
  byRegion: false,
};
// 4×4 pixels: two regions of class 0 and 1, and something unlabelled.
const labels = Int32Array.from([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 255, 255, 0, 0, 255, 255]);
const known = [0, 1, 0, 255];

test('a true layout is that of the image, synthetic where an unseen class is shown', () => {
  const own = { ...options, layout: 'groundTruth' } as const;
  expect(layOutScene(labels, 4, own, random)).toMatchObject({ isSynthetic: false, isClean: true, isOwnLayout: true });
  const shown = layOutScene(labels.with(15, 2), 4, own, random);
  expect(shown).toMatchObject({ isSynthetic: true, isClean: false, isOwnLayout: true });
  expect([...shown.layout]).toEqual(known);
});

test('an unseen class counts even where no position of the grid shows it', () => {
  const { known: small, isClean } = layOutScene(labels.with(15, 2), 4, { ...options, layout: 'groundTruth' }, random);
  expect([...small]).toEqual(known);
  expect(isClean).toBe(false);
});

test('random layouts replace the share of images that they should', () => {
  const count = 4000;
  let synthetic = 0;
  for (let i = 0; i < count; i++) {
    const scene = layOutScene(labels, 4, { ...options, synthetic: 0.25 }, random);
    synthetic += scene.isSynthetic ? 1 : 0;
    expect(scene.isOwnLayout).toBe(!scene.isSynthetic);
    if (!scene.isSynthetic) expect([...scene.layout]).toEqual(known);
  }
  expect(Math.abs(synthetic / count - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / count));
});

test('random layouts give every position, or every labelled region, a class of the prior', () => {
  const counts = [0, 0, 0];
  for (let i = 0; i < 2000; i++) {
    const byRegion = layOutScene(labels, 4, { ...options, byRegion: true }, random).layout;
    expect(byRegion[3]).toBe(255);
    // Positions 0 and 2 are one region.
    expect(byRegion[0]).toBe(byRegion[2]);
    for (const label of layOutScene(labels, 4, options, random).layout) counts[label]++;
  }
  const total = 8000;
  [0.25, 0.25, 0.5].forEach((p, label) => {
    expect(Math.abs(counts[label] / total - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / total));
  });
});

test('pixels by class leave out what is not learnt from', () => {
  expect([...pixelsByClass(Int32Array.from([1, 255, 0, 1, 2]), 2)]).toEqual([
    [1, [0, 3]],
    [0, [2]],
  ]);
});

test('of more than 255 classes, 255 is one of them and 65535 is unlabelled', () => {
  const prior = labelPrior({ seen: 280, unseen: 20, unseenProbability: 0.5 });
  const wide = { ...options, seen: 280, prior };
  const many = labels.map((label) => (label === 255 ? 0xffff : label + 255));
  const own = layOutScene(many, 4, { ...wide, layout: 'groundTruth' }, random);
  expect([...own.known]).toEqual([255, 256, 255, 0xffff]);
  expect(own.isClean).toBe(true);
  expect(layOutScene(many.with(0, 290), 4, wide, random).isClean).toBe(false);
  const { layout } = layOutScene(many, 4, { ...wide, byRegion: true }, random);
  expect([layout[0] < 300, layout[2] === layout[0], layout[3]]).toEqual([true, true, 0xffff]);
});
