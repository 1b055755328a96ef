import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { imageScores, mcisLosses, mirror, PairNetwork } from '@unseen/weakly';
import { expect, test } from 'vitest';
import { compile, engines, largeNetworkEngines } from './evaluation.ts';
import { parity, SINGLE_PRECISION, type Tensor } from './fixture.ts';
import { jittered } from './gradient-checks.ts';
import { mcisName } from './weakly-names.ts';
import { assignWeights } from './weight-formula.ts';

/** The fixture's names of our losses. */
const PARTS: Readonly<Record<string, string>> = { contrastLeft: 'contrast1', contrastRight: 'contrast2' };

await parity('mcis-network', (fixture) => {
  const side = (name: string) => {
    const pixels = fixture.setting<number>(name);
    return [pixels, pixels] as const;
  };
  const images = { image1: fixture.map('image1'), image2: fixture.map('image2') };
  const labelsOf = (name: string): Tensor<Float32Array> => {
    const { shape, values } = fixture.tensor(name);
    return { shape, values: Float32Array.from(values) };
  };
  const inputs = { ...images, label1: labelsOf('label1'), label2: labelsOf('label2') };

  const weights = fixture.weights();
  const { shape } = weights.entries.find(({ name }) => name === 'extra_gate.weight')!;
  const network = new PairNetwork({
    classes: shape[0],
    // The weights are loaded.
    init: constant(0),
    seeds: new SeedTree(0),
  });
  assignWeights(network, weights, mcisName);
  const parameters = network.namedParameters();
  // The contrastive losses join in the second epoch.
  const contrast = Number(/\d+/.exec(fixture.setting<string>('epoch'))?.[0]) >= 2;

  const lossesOf = <V>(ops: Ops<V>, { image1, image2, label1, label2 }: Record<string, V>) => {
    const pairs = {
      left: image1,
      right: image2,
      views: {
        flip: mirror(ops, image1),
        small: ops.resizeBilinear(image1, side('small')),
        large: ops.resizeBilinear(image1, side('large')),
      },
    };
    const losses = mcisLosses(ops, network, pairs, { labels: { left: label1, right: label2 }, contrast });
    return { ...losses, total: Object.values(losses).reduce((a, b) => ops.add(a, b)) };
  };
  // The eager engine takes its time over VGG-16, and as long again for gradients at kinks.
  const timeout = 3_600_000;

  test.each(largeNetworkEngines)(
    'features, maps, losses and gradients on %s (M-10, M-11)',
    { timeout },
    async (engine) => {
      const executable = compile(await engines[engine](), {
        inputs,
        describe(ops, given) {
          const [first, second] = [given.image1, given.image2].map((image) => network.features(ops, image));
          const { left, right } = network.relate(ops, first, second);
          const scores = (maps: (typeof first)[]) =>
            ops.concat(
              maps.map((map) => imageScores(ops, map)),
              0,
            );
          const { total, ...losses } = lossesOf(ops, given);
          return {
            outputs: {
              ...losses,
              // The authors' code leaves behind the features that it computed last: those of the second image.
              feature1: second,
              ...{ cam1: left.basic, coMap1: left.co, exMap2: right.contrast },
              scores: scores([left.basic, right.basic]),
              coScores: scores([left.co, right.co, left.contrast, right.contrast]),
            },
            losses: { total: { value: total, parameters: network.parameters() } },
          };
        },
      });
      try {
        await fixture.expectGradients(fixture.gradientNames(), async (attempt) => {
          const image1 = { ...images.image1, values: jittered(images.image1.values, attempt, 'image1') };
          const image2 = { ...images.image2, values: jittered(images.image2.values, attempt, 'image2') };
          const { outputs, gradients } = await executable.run({ ...inputs, image1, image2 });
          if (attempt === 0) compare(outputs);
          return (name) => gradients.total.get(parameters.get(mcisName(name))!);
        });
      } finally {
        executable.dispose();
      }
    },
  );

  test('groups of weights with rates of their own', () => {
    const groups = network.parameterGroups();
    expect(groups.map(({ rateMultiplier }) => rateMultiplier)).toEqual([1, 2, 10, 20]);
    for (const { name } of weights.entries) {
      const parameter = parameters.get(mcisName(name))!;
      const group = groups.findIndex((one) => one.parameters.includes(parameter));
      fixture.expectPart('parameterGroups', name, group);
    }
  });

  function compare(outputs: Readonly<Record<string, Float32Array>>): void {
    const parts = Object.keys(outputs).filter((name) => /^(basic|co|contrast)(\.|Left|Right|$)/.test(name));
    for (const name of parts) {
      fixture.expectPart('parts', PARTS[name] ?? name.replace('.', '_'), outputs[name][0]);
    }
    fixture.expectValue('total', outputs.total[0]);
    fixture.expectSummary('feature1', outputs.feature1, SINGLE_PRECISION);
    for (const name of ['cam1', 'coMap1', 'exMap2']) fixture.expectMap(name, outputs[name], SINGLE_PRECISION);
    for (const name of ['scores', 'coScores']) fixture.expectTensor(name, outputs[name], SINGLE_PRECISION);
  }
});
