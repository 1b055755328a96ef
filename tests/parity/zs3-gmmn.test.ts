import { SeedTree } from '@unseen/core';
import { crossEntropy, mmdLoss, schedules } from '@unseen/nn';
import { createGmmn } from '@unseen/synthesis';
import { chooseGmmn, gmmnLoss, gmmnSettings } from '@unseen/zero-shot';
import { describe, test } from 'vitest';
import { engineNames, engines, evaluate } from './evaluation.ts';
import { parity, type Tensor } from './fixture.ts';
import { gmmnName } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

await parity('zs3-gmmn', (fixture) => {
  const choices = (profile: 'default' | 'official') => {
    const [, stated] = /bandwidths ([\d.,]+)/.exec(fixture.meaning(profile === 'official' ? 'mmd_code' : 'mmd_paper'))!;
    const bandwidths = stated.split(',').map(Number);
    return chooseGmmn(profile, gmmnSettings.parse({}), gmmnLoss.parse({ scale: 'full', bandwidths }));
  };
  const embedding = fixture.setting<number>('embed_dim');
  const noise = fixture.setting<number>('noise_dim');
  const [hidden, features] = [fixture.setting<number>('hidden'), fixture.setting<number>('feature')];
  const generator = createGmmn({ embedding, noise, hidden, features, seeds: new SeedTree(0) });
  assignWeights(generator, fixture.weights(), gmmnName);
  const input = (name: string) => fixture.tensor(name) as Tensor<Float32Array>;
  const rowNumbers = (name: string) => {
    const [rows] = input(name).shape;
    return { shape: [1, rows], values: Int32Array.from({ length: rows }, (_, i) => i) };
  };

  describe.each(engineNames)('%s', (name) => {
    test('the generator, the MMD loss and its gradients', async () => {
      const inputs = {
        embedding: input('embedding'),
        noise: input('noise'),
        real: input('real'),
        rows: rowNumbers('real'),
      };
      const { outputs, gradients } = await evaluate(await engines[name](), {
        inputs,
        describe: (ops, given) => {
          const fake = generator.forward(ops, given.embedding, given.noise);
          const mask = ops.constant(new Float32Array(inputs.rows.values.length).fill(1), inputs.rows.shape);
          const groups = { indices: given.rows, mask };
          const value = mmdLoss(ops, fake, given.real, groups, choices('official'));
          const paper = mmdLoss(ops, fake, given.real, groups, choices('default'));
          return { outputs: { fake, paper }, losses: { mmd: { value, parameters: generator.parameters() } } };
        },
      });
      fixture.expectTensor('fake', outputs.fake);
      fixture.expectValue('mmd_code', outputs.mmd[0]);
      fixture.expectValue('mmd_paper', outputs.paper[0]);
      const parameters = generator.namedParameters();
      await fixture.expectGradients(fixture.gradientNames(), async () => (tensor) => {
        const parameter = parameters.get(gmmnName(tensor));
        return parameter && gradients.mmd.get(parameter);
      });
    });

    test('the MMD loss of rows near each other', async () => {
      const inputs = { a: input('rowsA'), b: input('rowsB'), rows: rowNumbers('rowsA') };
      const { outputs } = await evaluate(await engines[name](), {
        inputs,
        describe: (ops, { a, b, rows }) => {
          const mask = ops.constant(new Float32Array(inputs.rows.values.length).fill(1), inputs.rows.shape);
          const of = (profile: 'default' | 'official') => mmdLoss(ops, a, b, { indices: rows, mask }, choices(profile));
          return { outputs: { code: of('official'), paper: of('default') } };
        },
      });
      fixture.expectValue('mmd_small', outputs.code[0]);
      fixture.expectValue('mmd_small_paper', outputs.paper[0]);
    });

    test('cross-entropy divided by the number of images, with and without class weights (ZS-4)', async () => {
      const logits = fixture.map('ceLogits');
      const labels = fixture.integers('ceLabels');
      const [images, , , classes] = logits.shape;
      const [, weight, heavy] = /weights ([\d.]+) for classes ([\d, and]+)/.exec(fixture.meaning('ce_weighted'))!;
      const isHeavy = new Set((heavy.match(/\d+/g) ?? []).map(Number));
      const weights = Array.from({ length: classes }, (_, c) => (isHeavy.has(c) ? Number(weight) : 1));
      const { outputs } = await evaluate(await engines[name](), {
        inputs: { logits, labels },
        describe: (ops, given) => ({
          outputs: {
            plain: crossEntropy(ops, given.logits, given.labels),
            weighted: crossEntropy(ops, given.logits, given.labels, weights),
          },
        }),
      });
      fixture.expectValue('ce', outputs.plain[0] / images);
      fixture.expectValue('ce_weighted', outputs.weighted[0] / images);
    });
  });

  test.each(fixture.valueNames('poly_'))('%s: the poly schedule by epoch and iteration', (name) => {
    const [epochs, perEpoch] = ['epochs', 'its'].map((unit) => Number(new RegExp(`(\\d+)${unit}`).exec(name)![1]));
    const multiplier = Number(/(\d+)x/.exec(fixture.meaning(name))![1]);
    const expected = fixture.value<Record<string, readonly [number, number]>>(name);
    const [rate] = expected['0/0'];
    const poly = schedules.poly({ rate, iterations: epochs * perEpoch });
    fixture.expectValue(
      name,
      Object.fromEntries(
        Object.keys(expected).map((key) => {
          const [epoch, iteration] = key.split('/').map(Number);
          const now = poly(epoch * perEpoch + iteration);
          return [key, [now, multiplier * now]];
        }),
      ),
    );
  });
});
