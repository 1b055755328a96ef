import { createSegmentationNetwork, DeepLabV3Plus } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { elnName } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

/** One of `step` rows and columns of a map [1, h, w, c]. */
function thinned(values: Float32Array, [, height, width, channels]: readonly number[], step: number): Float32Array {
  const rows = Array.from({ length: Math.ceil(height / step) }, (_, y) =>
    Array.from({ length: Math.ceil(width / step) }, (_, x) => {
      const start = step * (y * width + x) * channels;
      return [...values.subarray(start, start + channels)];
    }),
  );
  return Float32Array.from(rows.flat(2));
}

await parity('eln-deeplabv3plus', (fixture) => {
  test.each(largeNetworkEngines)('encoder, logits and embedding on %s', { timeout: 600_000 }, async (engine) => {
    const network = createSegmentationNetwork(`deeplabv3plus_resnet${fixture.setting('resnet')}.eln`, {
      classes: fixture.setting('classes'),
      // The weights are loaded.
      init: constant(0),
      seeds: new SeedTree(0),
    });
    if (!(network instanceof DeepLabV3Plus)) throw new Error('ELN has a DeepLab v3+');
    const { formula, entries } = fixture.weights('Encoder');
    const all = { formula, entries: [...entries, ...fixture.weights('Decoder').entries] };
    assignWeights(network, all, elnName('bottleneck'));
    const { shape } = fixture.tensor('seg');
    const { outputs } = await evaluate(await engines[engine](), {
      inputs: { image: fixture.map('image') },
      describe(ops, { image }) {
        const [layer1, layer4] = network.encoder.forward(ops, image);
        const { logits, embedding } = network.forward(ops, image);
        return { outputs: { layer1, layer4, seg: logits, ...(embedding && { proj: embedding }) } };
      },
    });
    for (const name of Object.keys(fixture.file.summaries ?? {}))
      fixture.expectSummary(name, outputs[name], SINGLE_PRECISION);
    fixture.expectMap('seg', outputs.seg, SINGLE_PRECISION);
    const [, channels, rows] = fixture.tensor('proj').shape;
    expect(outputs.proj).toHaveLength(shape[2] * shape[3] * channels);
    const step = Math.round(shape[2] / rows);
    fixture.expectMap('proj', thinned(outputs.proj, [1, shape[2], shape[3], channels], step), SINGLE_PRECISION);
  });

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32Noise']);
});
