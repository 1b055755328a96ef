import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { fuseMaximum, viewsAtScales } from './deeplab-v2.ts';

test('each view has the rounded-down size of its scale; their maximum has the full size', async () => {
  const executable = (await createEagerEngine('cpu')).compile({
    name: 'views',
    inputs: { image: { shape: [1, 3, 5, 1], dtype: 'float32' } },
    describe: (ops, { image }) => {
      const views = viewsAtScales(ops, image, (x) => ops.mul(x, ops.scalar(2)));
      return { outputs: { full: views[0], half: views[1], large: views[2], fused: fuseMaximum(ops, views) } };
    },
  });
  expect(executable.outputs).toEqual({
    full: [1, 3, 5, 1],
    half: [1, 1, 2, 1],
    large: [1, 2, 3, 1],
    fused: [1, 3, 5, 1],
  });
  // One bright pixel: the maximum keeps it, and where the image is 0 shows what the smaller views make of it.
  const image = new Float32Array(15);
  image[7] = 4;
  const result = executable.run({ image });
  const [fused, large] = [await result.read('fused'), await result.read('large')];
  expect(fused[7]).toBe(8);
  expect(fused[2]).toBeCloseTo(large[1], 6);
  expect(fused[2]).toBeGreaterThan(0);
});
