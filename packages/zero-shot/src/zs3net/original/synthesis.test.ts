import { SeedTree } from '@unseen/core';
import { optimizerSettings, scheduledOptimizer } from '@unseen/experiment';
import { createCompiledEngine } from '@unseen/onnx';
import { ClassVectors, createGmmn, GraphGenerator } from '@unseen/synthesis';
import { expect, test } from 'vitest';
import { chooseGmmn, chooseGraph, gmmnLoss, gmmnSettings, graphSettings } from '../settings.ts';
import { pixelGeneration, regionGeneration } from './generator-steps.ts';
import { GeneratorTrainer } from './generator-trainer.ts';
import { pixelSynthesis } from './pixel-synthesis.ts';
import { capacityOf, joinRegions, RegionSynthesis } from './region-synthesis.ts';
import type { Scene } from './scene.ts';

const seeds = new SeedTree(9);
const engine = createCompiledEngine();
const choices = chooseGmmn('default', gmmnSettings.parse({}), gmmnLoss.parse({ scale: 'full' }));
const vectors = new ClassVectors([Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(1, 1)]);
const sizes = { embedding: 2, noise: 2, features: 2, hidden: 16, dropout: 0 };
const shared = { vectors, noise: 2, kind: choices.noise };
const rule = optimizerSettings.parse({ rate: 1e-2 });
const random = seeds.child('noise').stream();

/** 4×4 pixels of class 0 on the left, of class 1 on the right; one without a label. */
const labels = Int32Array.from({ length: 16 }, (_, i) => (i === 15 ? 255 : i % 4 < 2 ? 0 : 1));
const centres = [
  [2, -2],
  [-2, 1],
];
const features = Float32Array.from(
  [...labels].flatMap((label) => (centres[label] ?? [9, 9]).map((c) => c + 0.1 * random.uniform())),
);
const scene: Scene = { known: labels, layout: labels, isSynthetic: true, isOwnLayout: true, isClean: true };

/** Means of the features of the pixels of each class. */
const meansOf = (map: Float32Array) =>
  centres.map((_, label) =>
    [0, 1].map((c) => {
      const values = [...labels].flatMap((found, i) => (found === label ? [map[2 * i + c]] : []));
      return values.reduce((a, b) => a + b) / values.length;
    }),
  );

function expectCentres(means: readonly (readonly number[])[]): void {
  means.forEach((mean, label) => {
    mean.forEach((value, c) => {
      expect(Math.abs(value - centres[label][c] - 0.05)).toBeLessThan(0.4);
    });
  });
}

test('a generator of pixels learns where the features of each class are', async () => {
  const generator = createGmmn({ ...sizes, seeds });
  const trainer = new GeneratorTrainer(engine, {
    generation: (rows) => pixelGeneration({ ...shared, generator, rows }),
    channels: 2,
    choices,
    optimizer: scheduledOptimizer(engine, rule, generator.parameters(), 300),
  });
  const synthesis = pixelSynthesis({ trainer, seen: 2, samples: 8 });
  for (let i = 0; i < 150; i++) expect(await synthesis.learn(features, scene, i, random)).toHaveLength(2);
  expectCentres(meansOf(await synthesis.generate(scene, random)));
  trainer.dispose();
});

test('a generator of regions learns where those of an image are, and spreads a region over its pixels', async () => {
  const generator = new GraphGenerator({ ...sizes, seeds });
  const trainer = new GeneratorTrainer(engine, {
    generation: (rows) => regionGeneration({ ...shared, generator, rows }),
    channels: 2,
    choices,
    optimizer: scheduledOptimizer(engine, rule, generator.parameters(), 400),
  });
  // With self loops and normalisation two neighbours hear the same.
  const graph = chooseGraph('default', graphSettings.parse({ selfLoops: false, normalize: false }));
  const synthesis = new RegionSynthesis({ trainer, choices: graph, grid: [4, 4], background: -1, ignored: 255 });
  for (let i = 0; i < 300; i++) expect(await synthesis.learn(features, scene, i, random)).toHaveLength(1);
  const map = await synthesis.generate(scene, random);
  // The loss compares the regions of an image as one set: which is which it does not say.
  expectCentres(meansOf(map).sort(([a], [b]) => b - a));
  for (const pixel of [1, 4, 13]) expect(map.slice(2 * pixel, 2 * pixel + 2)).toEqual(map.slice(0, 2));

  const real = await synthesis.regions(features, { ...scene, isSynthetic: false }, random);
  expect([...real.labels]).toEqual([0, 1, 255]);
  expect(real.features[0]).toBeCloseTo(meansOf(features)[0][0], 4);
  expect(await synthesis.learn(features, { ...scene, known: new Int32Array(16) }, 0, random)).toEqual([]);
  trainer.dispose();
});

test.each([255, 0xffff])(
  'regions of several images stand one after the other, filled up with ignored ones: %i',
  (no) => {
    const part = (label: number) => ({
      labels: Int32Array.of(label, no),
      features: Float32Array.of(label, label, 5, 5),
    });
    const { labels: joined, features: rows } = joinRegions([part(1), part(2)], 2, no);
    expect([...joined]).toEqual([1, no, 2, no, ...new Array(12).fill(no)]);
    expect([...rows.slice(0, 8)]).toEqual([1, 1, 5, 5, 2, 2, 5, 5]);
    expect(rows).toHaveLength(2 * capacityOf(4));
  },
);
