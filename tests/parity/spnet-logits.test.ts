import { createSegmentationNetwork, DeepLabV2 } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { normalize } from '@unseen/vision';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { rgbOf } from './layout.ts';
import { deepLabV2Name } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

/** Pixels whose two best classes are nearer than this may be decided either way. */
const MARGIN = 1e-4;

await parity('spnet-logits', (fixture) => {
  const mean = fixture.setting<[number, number, number]>('mean');
  const [height, width] = fixture.setting<[number, number]>('input');
  const [classes, seen] = [fixture.setting<number>('classes'), fixture.setting<number>('seen')];

  test.each(largeNetworkEngines)(
    'logits of each scale, probabilities and calibrated predictions on %s',
    {
      timeout: 600_000,
    },
    async (engine) => {
      const embeddings = fixture.tensor('classEmbeddings');
      const network = createSegmentationNetwork('deeplabv2_resnet101.caffe', {
        classes: embeddings.shape[1],
        // The weights are loaded.
        init: constant(0),
        seeds: new SeedTree(0),
      });
      if (!(network instanceof DeepLabV2)) throw new Error('SPNet has a DeepLab v2');
      assignWeights(network, fixture.weights(), deepLabV2Name);
      const rgb = { height, width, data: rgbOf(fixture.tensor('imageBgrUint8').values) };
      const { data } = normalize(rgb, { channelOrder: 'bgr', mean, std: [1, 1, 1] });
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: {
          image: { shape: [1, height, width, 3], values: data },
          vectors: { shape: embeddings.shape, values: Float32Array.from(embeddings.values) },
        },
        describe(ops, { image, vectors }) {
          const filter = ops.reshape(vectors, [...embeddings.shape, 1, 1]);
          const { views, fused } = network.multiScale(ops, image, (features) => ops.conv2d(features, filter));
          const [logitsScale0, logitsScale1, logitsScale2] = views;
          const prob = ops.softmax(network.enlarge(ops, fused, [height, width]));
          return { outputs: { logits: fused, logitsScale0, logitsScale1, logitsScale2, prob } };
        },
      });
      for (const name of Object.keys(outputs)) fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
      for (const gamma of fixture.setting<number[]>('gammas')) {
        const decided = calibrated(outputs.prob, gamma);
        const expected = fixture.integers(`pred_gamma_${gamma}`).values;
        const open = decided.filter(({ margin }) => margin < MARGIN);
        fixture.expectValue(`ambiguous_gamma_${gamma}`, open.length);
        fixture.expectTensor(
          `pred_gamma_${gamma}`,
          decided.map(({ best, margin }, i) => (margin < MARGIN ? expected[i] : best)),
        );
        expect(open.length).toBeLessThan(decided.length / 100);
      }
    },
  );

  /** The best class of each pixel, `gamma` taken off those that are seen, and how far the next one is. */
  function calibrated(probabilities: Float32Array, gamma: number) {
    return Array.from({ length: height * width }, (_, pixel) => {
      const scores = Array.from(
        probabilities.subarray(pixel * classes, (pixel + 1) * classes),
        (p, c) => p - (c < seen ? gamma : 0),
      );
      const [first, second] = scores.toSorted((a, b) => b - a);
      return { best: scores.indexOf(first), margin: first - second };
    });
  }
});
