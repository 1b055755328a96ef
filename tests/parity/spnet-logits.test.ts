import { createSegmentationNetwork, DeepLabV2 } from '@unseen/backbone';
import { calibrationPenalties, WordVectorProjection } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { labelsFromScores, normalize } from '@unseen/vision';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { rgbOf } from './layout.ts';
import { deepLabV2Name } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

await parity('spnet-logits', (fixture) => {
  const mean = fixture.setting<[number, number, number]>('mean');
  const [height, width] = fixture.setting<[number, number]>('input');
  const [classes, seen] = [fixture.setting<number>('classes'), fixture.setting<number>('seen')];

  test.each(largeNetworkEngines)(
    'logits of each scale, probabilities and calibrated predictions on %s',
    {
      timeout: 1_800_000,
    },
    async (engine) => {
      const { shape, values } = fixture.tensor('classEmbeddings');
      const [, dimension] = shape;
      const vectors = Array.from({ length: classes }, (_, c) =>
        Float32Array.from(values.slice(c * dimension, (c + 1) * dimension)),
      );
      const network = createSegmentationNetwork('deeplabv2_resnet101.caffe', {
        classes: dimension,
        // The weights are loaded.
        init: constant(0),
        seeds: new SeedTree(0),
      });
      if (!(network instanceof DeepLabV2)) throw new Error('SPNet has a DeepLab v2');
      assignWeights(network, fixture.weights(), deepLabV2Name);
      const head = new WordVectorProjection({
        features: network.classes,
        vectors,
        projection: null,
        seeds: new SeedTree(0),
      });
      const rgb = { height, width, data: rgbOf(fixture.tensor('imageBgrUint8').values) };
      const { data } = normalize(rgb, { channelOrder: 'bgr', mean, std: [1, 1, 1] });
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: {
          image: { shape: [1, height, width, 3], values: data },
        },
        describe(ops, { image }) {
          const { views, fused } = network.multiScale(ops, image, (features) => head.forward(ops, features));
          const [logitsScale0, logitsScale1, logitsScale2] = views;
          const prob = ops.softmax(network.enlarge(ops, fused, [height, width]));
          return { outputs: { logits: fused, logitsScale0, logitsScale1, logitsScale2, prob } };
        },
      });
      for (const name of Object.keys(outputs)) fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
      for (const gamma of fixture.setting<number[]>('gammas')) {
        const penalties = calibrationPenalties({ classes, seen, gamma });
        const [, , h, w] = fixture.tensor('logits').shape;
        const grid = { height: h, width: w, channels: classes, data: outputs.logits, penalties };
        const decided = labelsFromScores(grid, [height, width]);
        const name = fixture.numbered('pred_gamma_', gamma);
        const expected = fixture.integers(name).values;
        const openName = name.replace('pred', 'ambiguous');
        // Pixels whose two best classes are nearer than this may be decided either way.
        const [, least] = /margin below ([\d.e-]+)/.exec(fixture.meaning(openName))!;
        const isOpen = marginsOf(outputs.prob, penalties).map((margin) => margin < Number(least));
        const open = isOpen.filter(Boolean).length;
        fixture.expectValue(openName, open);
        fixture.expectTensor(
          name,
          Int32Array.from(decided, (best, i) => (isOpen[i] ? expected[i] : best)),
        );
        expect(open).toBeLessThan(decided.length / 100);
      }
    },
  );

  /** How far the best class of each pixel is from the next one. */
  function marginsOf(probabilities: Float32Array, penalties: Float32Array): number[] {
    return Array.from({ length: height * width }, (_, pixel) => {
      const own = probabilities.subarray(pixel * classes, (pixel + 1) * classes);
      const [first, second] = Array.from(own, (p, c) => p - penalties[c]).sort((a, b) => b - a);
      return first - second;
    });
  }
});
