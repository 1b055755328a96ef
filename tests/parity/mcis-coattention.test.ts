import { Encoder } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { imageScores, PairNetwork, pairLosses } from '@unseen/weakly';
import { test } from 'vitest';
import { engineNames, engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';
import { mcisName } from './weakly-names.ts';
import { assignWeights, type FormulaWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

/** Takes the place of the encoder, of which only the channels matter: the feature maps are given. */
class GivenFeatures extends Encoder {
  constructor(channels: number) {
    super([{ name: 'features', channels, stride: 1 }], { inputs: channels });
  }

  protected *outputs<V>(_ops: Ops<V>, features: V): Generator<V> {
    yield features;
  }
}

/** Maps [n, rows, columns] with both axes exchanged. */
function transposed(values: Float32Array, [n, rows, columns]: readonly number[]): Float32Array {
  return Float32Array.from(
    { length: n * rows * columns },
    (_, i) =>
      values[(Math.floor(i / (rows * columns)) * columns + (i % columns)) * rows + (Math.floor(i / columns) % rows)],
  );
}

await parity('mcis-coattention', (fixture) => {
  test.each(engineNames)('attention, maps, scores, losses and gradients on %s (M-11, M-12)', async (engine) => {
    const weights: FormulaWeights = fixture.weights();
    const { shape } = weights.entries.find(({ name }) => name === 'extra_gate.weight')!;
    const [classes, channels] = shape;
    const network = new PairNetwork({ encoder: new GivenFeatures(channels), depth: 0, classes, init, seeds });
    assignWeights(network, weights, mcisName);
    const parameters = network.namedParameters();

    const { outputs, gradients } = await evaluate(await engines[engine](), {
      inputs: {
        feature1: fixture.map('feature1'),
        feature2: fixture.map('feature2'),
        label1: { shape: fixture.tensor('label1').shape, values: Float32Array.from(fixture.tensor('label1').values) },
        label2: { shape: fixture.tensor('label2').shape, values: Float32Array.from(fixture.tensor('label2').values) },
      },
      describe(ops, { feature1, feature2, label1, label2 }) {
        const { left, right } = network.relate(ops, feature1, feature2);
        const losses = pairLosses(ops, { left, right }, { left: label1, right: label2 });
        const total = Object.values(losses).reduce((a, b) => ops.add(a, b));
        const [gradFeature1] = ops.gradients(total, [feature1]);
        const scores = (maps: (typeof feature1)[]) =>
          ops.concat(
            maps.map((map) => imageScores(ops, map)),
            0,
          );
        const [, ...shape] = ops.shape(gradFeature1);
        return {
          outputs: {
            ...{ A: right.attention, B: left.attention, gate1: left.gate, gate2: right.gate },
            ...{ cam1: left.basic, cam2: right.basic, coMap1: left.co, coMap2: right.co },
            ...{ exMap1: left.contrast, exMap2: right.contrast },
            scores: scores([left.basic, right.basic]),
            coScores: scores([left.co, right.co, left.contrast, right.contrast]),
            gradFeature1: ops.slice(gradFeature1, [0, 0, 0, 0], [1, ...shape]),
            ...{ basic: losses.basic, co: losses.co },
            ...{ contrast1: losses.contrastLeft, contrast2: losses.contrastRight, total },
          },
          losses: { total: { value: total, parameters: network.parameters() } },
        };
      },
    });
    for (const name of ['A', 'B']) fixture.expectTensor(name, transposed(outputs[name], fixture.tensor(name).shape));
    for (const name of ['gate1', 'gate2', 'cam1', 'cam2', 'coMap1', 'coMap2', 'exMap1', 'exMap2', 'gradFeature1'])
      fixture.expectMap(name, outputs[name]);
    for (const name of ['scores', 'coScores']) fixture.expectTensor(name, outputs[name]);
    for (const name of ['basic', 'co', 'contrast1', 'contrast2', 'total']) fixture.expectValue(name, outputs[name][0]);
    // Nothing here has a kink: one attempt is enough.
    const found = (name: string) => gradients.total.get(parameters.get(mcisName(name))!);
    await fixture.expectGradients(fixture.gradientNames(), () => Promise.resolve(found));
  });
});
