import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { CamNetwork, combineClassMaps, createIrnetEncoder, scaledSize } from '@unseen/weakly';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { irnetName } from './weakly-names.ts';
import { assignWeights } from './weight-formula.ts';

/** Of quotients: dividend and divisor, the sums of eight maps, are each as exact as single precision. */
const OF_QUOTIENTS = { abs: 2 * SINGLE_PRECISION.abs, rel: 2 * SINGLE_PRECISION.rel };

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

await parity('irn-cam', (fixture) => {
  const scales = fixture.setting<number[]>('scales');
  const [height, width] = fixture.setting<[number, number]>('image');
  const nameOf = (scale: number) => `cam_${scale.toFixed(1)}`;

  test.each(largeNetworkEngines)(
    'scores, maps at every scale, and their combination on %s',
    {
      timeout: 600_000,
    },
    async (engine) => {
      const [, classes] = fixture.tensor('scores').shape;
      const network = new CamNetwork({ encoder: createIrnetEncoder({ init, seeds }), classes, init, seeds });
      assignWeights(network, fixture.weights(), irnetName);
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: { image: fixture.map('image_1') },
        describe(ops, { image }) {
          const maps = scales.map((scale) => {
            const scaled = ops.resizeBilinear(image, scaledSize([height, width], scale));
            return [nameOf(scale), network.mirroredActivations(ops, scaled)] as const;
          });
          return { outputs: { scores: network.forward(ops, image), ...Object.fromEntries(maps) } };
        },
      });
      fixture.expectTensor('scores', outputs.scores, SINGLE_PRECISION);
      const maps = scales.map((scale) => {
        const [channels, rows, columns] = fixture.tensor(nameOf(scale)).shape;
        const data = outputs[nameOf(scale)];
        fixture.expectMap(nameOf(scale), data, SINGLE_PRECISION);
        return { height: rows, width: columns, channels, data };
      });

      const keys = fixture.value<number[]>('keys');
      const { strided, full } = combineClassMaps(maps, {
        id: 'image',
        size: [height, width],
        classes: keys.map((trainId) => ({ trainId, id: trainId + 1 })),
      });
      expect(strided.classes).toEqual(keys.map((key) => key + 1));
      fixture.expectTensor('strided', strided.data, OF_QUOTIENTS);
      fixture.expectTensor('highRes', full.data, OF_QUOTIENTS);
    },
  );

  // What goes into the combination, or is compared by its size.
  fixture.leaveOut(['values/keys', 'values/sizes']);
});
