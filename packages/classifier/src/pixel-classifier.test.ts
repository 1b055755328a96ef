import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { FeatureHeads, PatchHeads } from './pixel-classifier.ts';

const seeds = new SeedTree(4);

test('with the sizes of the released code the patch costs 9,438,208 weights', () => {
  const options = { features: 600, classes: 21, seeds };
  expect(new FeatureHeads(options).parameterCount()).toBe(637_974);
  expect(new PatchHeads({ ...options, size: 3 }).parameterCount()).toBe(637_974 + 9_438_208);
});

test.each([3, 5])(
  'centres of patches of side %s are classified as in a map of them, whatever is around',
  async (size) => {
    const heads = new PatchHeads({ features: 4, hidden: 6, classes: 3, dropout: 0, size, seeds });
    const engine = await createEagerEngine('cpu');
    const side = 2 * size;
    const executable = engine.compile({
      name: 'patches',
      inputs: {
        map: { shape: [1, side, side, 4], dtype: 'float32' },
        patches: { shape: [4, size, size, 4], dtype: 'float32' },
      },
      describe: (ops, { map, patches }) => ({
        outputs: { map: heads.logits(ops, map), centres: heads.centreLogits(ops, patches) },
      }),
    });
    const map = seeds
      .child('map')
      .stream()
      .fillNormal(new Float32Array(side * side * 4));
    // The map as four patches, side by side.
    const patches = new Float32Array(map.length);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const patch = 2 * Math.floor(y / size) + Math.floor(x / size);
        const to = (patch * size * size + (y % size) * size + (x % size)) * 4;
        patches.set(map.subarray((y * side + x) * 4, (y * side + x) * 4 + 4), to);
      }
    }
    const result = executable.run({ map, patches });
    const [whole, centres] = [await result.read('map'), await result.read('centres')];
    const half = (size - 1) / 2;
    for (let patch = 0; patch < 4; patch++) {
      const y = Math.floor(patch / 2) * size + half;
      const x = (patch % 2) * size + half;
      for (let c = 0; c < 3; c++) expect(centres[patch * 3 + c]).toBeCloseTo(whole[(y * side + x) * 3 + c], 5);
    }
  },
);
