import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { ErrorLocalizer, localizerInput } from '@unseen/semi';
import { test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { elnName } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

await parity('eln-network', (fixture) => {
  test.each(largeNetworkEngines)('input, stages and logits on %s (Q5, Q15)', { timeout: 600_000 }, async (engine) => {
    const localizer = new ErrorLocalizer({
      classes: fixture.setting('classes'),
      prediction: fixture.file.quirks?.includes('elnInput=logits') ? 'logits' : 'softmax',
      // The weights are loaded.
      init: constant(0),
      seeds: new SeedTree(0),
    });
    assignWeights(localizer.network, fixture.weights(), elnName('basic'));
    const { encoder, decoder } = localizer.network;
    const { outputs } = await evaluate(await engines[engine](), {
      inputs: { image: fixture.map('image'), logits: fixture.map('logits') },
      describe(ops, { image, logits }) {
        const elnInputAll = localizerInput(ops, image, logits, localizer.prediction);
        const [layer1, layer4] = encoder.forward(ops, elnInputAll);
        const [n, height, width] = ops.shape(elnInputAll);
        const [, channels] = fixture.tensor('elnInput').shape;
        return {
          outputs: {
            ...{ elnInputAll, layer1, layer4 },
            elnInput: ops.slice(elnInputAll, [0, 0, 0, 0], [n, height, width, channels]),
            aspp: decoder.aspp.forward(ops, layer4),
            decoder: decoder.forward(ops, [layer1, layer4]).features,
            out: localizer.forward(ops, image, logits),
          },
        };
      },
    });
    for (const name of Object.keys(fixture.file.summaries ?? {}))
      fixture.expectSummary(name, outputs[name], SINGLE_PRECISION);
    for (const name of ['elnInput', 'out']) fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
  });

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32Noise']);
});
