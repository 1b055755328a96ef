import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { createIrnetEncoder, mirror, RelationNetwork } from '@unseen/weakly';
import { test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { irnetName } from './weakly-names.ts';
import { assignWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

await parity('irn-net', (fixture) => {
  const [height, width] = fixture.setting<[number, number]>('input');
  const least = fixture.setting<number>('crop_size');

  test.each(largeNetworkEngines)(
    'stages, boundaries and displacements on %s (I-14)',
    {
      timeout: 600_000,
    },
    async (engine) => {
      const taps = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];
      const network = new RelationNetwork({ encoder: createIrnetEncoder({ taps, init, seeds }), init, seeds });
      assignWeights(network, fixture.weights(), irnetName);
      network.meanShift.assign(Float32Array.from(fixture.value<number[]>('meanShift')));
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: { image: fixture.map('image') },
        describe(ops, { image }) {
          const pair = ops.concat([image, mirror(ops, image)], 0);
          const padded = ops.pad(pair, [0, least - height, 0, least - width]);
          const taps = network.encoder.forward(ops, padded);
          const [stage1, stage2, stage3, stage4, stage5] = taps;
          const raw = network.relate(ops, taps);
          const { boundary, displacement } = network.infer(ops, image, { least });
          return {
            outputs: {
              ...{ stage1, stage2, stage3, stage4, stage5 },
              rawEdgeLogits: raw.boundary,
              rawDisp: raw.displacement,
              edge: boundary,
              disp: displacement,
            },
          };
        },
      });
      for (const name of Object.keys(fixture.file.summaries ?? {}))
        fixture.expectSummary(name, outputs[name], SINGLE_PRECISION);
      for (const name of ['rawEdgeLogits', 'rawDisp', 'edge', 'disp'])
        fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
      fixture.expectValue('meanShift', network.meanShift.values);
    },
  );

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32Noise']);
});
