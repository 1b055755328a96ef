import { createEagerEngine } from '@unseen/tensor';
import { normalize } from '@unseen/vision';
import { expect, it } from 'vitest';
import { CAFFE_MEAN, IMAGENET_STATISTICS, normalizeImages } from './input-format.ts';

it.each([CAFFE_MEAN, IMAGENET_STATISTICS])('normalises in a program as on the host: $channelOrder', async (format) => {
  const [height, width] = [2, 3];
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (37 * i) % 256);
  const engine = await createEagerEngine('cpu');
  const executable = engine.compile({
    name: 'normalise',
    inputs: { images: { shape: [1, height, width, 3], dtype: 'float32' } },
    describe: (ops, { images }) => ({ outputs: { normal: normalizeImages(ops, images, format) } }),
  });
  const found = await executable.run({ images: Float32Array.from(pixels) }).read('normal');
  const { data } = normalize({ height, width, data: pixels }, format);
  for (const [i, value] of data.entries()) expect(found[i]).toBeCloseTo(value, 4);
  executable.dispose();
});
