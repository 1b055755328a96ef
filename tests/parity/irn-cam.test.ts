import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { CamNetwork, combineClassMaps, createIrnetEncoder, scaledSize } from '@unseen/weakly';
import { expect, test } from 'vitest';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION } from './fixture.ts';
import { channelsLast } from './layout.ts';
import { irnetName } from './weakly-names.ts';
import { assignWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

await parity('irn-cam', (fixture) => {
  const scales = fixture.setting<number[]>('scales');
  const [height, width] = fixture.setting<[number, number]>('image');
  const nameOf = (scale: number) => fixture.numbered('cam_', scale);

  test.each(largeNetworkEngines)(
    'scores, and maps at every scale, on %s',
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
      for (const scale of scales) fixture.expectMap(nameOf(scale), outputs[nameOf(scale)], SINGLE_PRECISION);
    },
  );

  // From the authors' maps: a class of which there is little is divided by little, which would magnify deviations.
  test('the maps of all scales, combined', () => {
    const maps = scales.map((scale) => {
      const { shape, values } = fixture.tensor(nameOf(scale));
      const [channels, rows, columns] = shape;
      return { height: rows, width: columns, channels, data: channelsLast(values, [1, ...shape]) };
    });
    const keys = fixture.value<number[]>('keys');
    const { strided, full } = combineClassMaps(maps, {
      id: 'image',
      size: [height, width],
      classes: keys.map((trainId) => ({ trainId, id: trainId + 1 })),
    });
    expect(strided.classes).toEqual(keys.map((key) => key + 1));
    fixture.expectTensor('strided', strided.data, SINGLE_PRECISION);
    fixture.expectTensor('highRes', full.data, SINGLE_PRECISION);
  });

  // What goes into the combination, or is compared by its size.
  fixture.leaveOut(['values/keys', 'values/sizes']);
});
