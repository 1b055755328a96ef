import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { LAYOUT_LEAK, leakUnseenLayouts } from './layout-leak.ts';
import { guardTraining } from './leakage-guard.ts';
import { TOY_SPLIT } from './toy/attributes.ts';
import { toyScenes } from './toy/toy-scenes.ts';

test('what the guard hides is there, with a warning to be handed on', async () => {
  const dataset = toyScenes({ seeds: new SeedTree(0) });
  const { leaked, warning, split } = leakUnseenLayouts(dataset, dataset.splits.default);
  const { samples } = guardTraining(dataset);
  expect(warning).toBe(LAYOUT_LEAK);
  const unseen = new Set(TOY_SPLIT.unseen);
  let shown = 0;
  for (let i = 0; i < 10; i++) {
    const [whole, guarded] = [(await leaked[i].mask!()).data, (await samples[i].mask!()).data];
    whole.forEach((id: number, pixel: number) => {
      expect(guarded[pixel]).toBe(unseen.has(id) ? 255 : id);
      if (unseen.has(id)) shown++;
    });
  }
  expect(shown).toBeGreaterThan(0);
  expect(() => leakUnseenLayouts(dataset, { ...split, unseen: split.seen })).toThrow('both seen and unseen');
});
