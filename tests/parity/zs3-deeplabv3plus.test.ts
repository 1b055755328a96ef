import { createSegmentationNetwork, DeepLabV3Plus } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { zs3Name } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

await parity('zs3-deeplabv3plus', (fixture) => {
  test.each(largeNetworkEngines)(
    'encoder, pyramid, features and logits on %s',
    { timeout: 600_000 },
    async (engine) => {
      const network = createSegmentationNetwork('deeplabv3plus_resnet101.zs3', {
        classes: fixture.setting('classes'),
        outputStride: fixture.setting('outputStride'),
        // The weights are loaded.
        init: constant(0),
        seeds: new SeedTree(0),
      });
      if (!(network instanceof DeepLabV3Plus)) throw new Error('ZS3Net has a DeepLab v3+');
      expect(fixture.setting('rgbNormalised')).toBe(true);
      assignWeights(network, fixture.weights(), zs3Name);
      const { encoder, decoder } = network;
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: { image: fixture.map('image') },
        describe(ops, { image }) {
          const [layer1, layer4] = encoder.forward(ops, image);
          const { features, logits } = decoder.forward(ops, [layer1, layer4]);
          return {
            outputs: {
              ...{ layer1, layer4 },
              aspp: decoder.aspp.forward(ops, layer4),
              feature: features,
              logitsStride4: logits,
              logits: network.scores(ops, image),
            },
          };
        },
      });
      for (const name of Object.keys(fixture.file.summaries ?? {}))
        fixture.expectSummary(name, outputs[name], SINGLE_PRECISION);
      for (const name of ['aspp', 'feature', 'logitsStride4', 'logits'])
        fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
    },
  );

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32Noise']);
});
