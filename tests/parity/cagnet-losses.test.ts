import { contentLoss, crossEntropy, ganLosses, groupPixels, labelMask, mmdLoss, type PixelGroups } from '@unseen/nn';
import { describe, expect, test } from 'vitest';
import { adversarialOf } from './cagnet-networks.ts';
import { engineNames, engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';
import { accuracy, LABELS, resizeLabels } from './labels.ts';

/** Groups of rows as inputs of a program. */
function groupInputs(name: string, { indices, mask, groups, samples }: PixelGroups) {
  const shape = [groups, samples];
  return { [name]: { shape, values: indices }, [`${name}Mask`]: { shape, values: mask } };
}

/** Before the sigmoid: what our losses take. */
const logit = (scores: Float32Array) => scores.map((p) => Math.log(p / (1 - p)));

await parity('cagnet-losses', (fixture) => {
  const gt = fixture.integers('gt');
  const predict = fixture.map('predict');
  const target = fixture.map('target');
  const channels = predict.shape[3];
  const runs = groupPixels(gt.values, { by: 'run', classes: LABELS });
  const runLengths = Array.from({ length: runs.groups }, (_, run) =>
    runs.mask.subarray(run * runs.samples, (run + 1) * runs.samples).reduce((sum, x) => sum + x, 0),
  );
  const single = runLengths.map((length, run) => ({
    indices: runs.indices.slice(run * runs.samples, run * runs.samples + length),
    mask: new Float32Array(length).fill(1),
    groups: 1,
    samples: length,
    leftOut: 0,
  }));
  const everything = groupPixels(
    gt.values.map((label) => (label === LABELS ? label : 0)),
    { by: 'class', classes: LABELS },
  );

  test('maximal runs of equal labels', () => fixture.expectValue('run_lengths', runLengths));

  describe.each(engineNames)('%s', (name) => {
    test('maximum mean discrepancy over runs, of each run, and over all rows', async () => {
      const { outputs } = await evaluate(await engines[name](), {
        inputs: {
          predict,
          target,
          ...groupInputs('runs', runs),
          ...groupInputs('all', everything),
          ...Object.assign({}, ...single.map((run, i) => groupInputs(`run${i}`, run))),
        },
        describe: (ops, inputs) => {
          const groupsOf = (key: string) => ({ indices: inputs[key], mask: inputs[`${key}Mask`] });
          const rows = (x: typeof inputs.predict) => ops.reshape(x, [gt.values.length, channels]);
          const compare = (a: string, b: string, groups: string) =>
            mmdLoss(ops, rows(inputs[a]), rows(inputs[b]), groupsOf(groups));
          const groups = groupsOf('runs');
          const perRun = single.map((_, i) => [`run${i}`, compare('predict', 'target', `run${i}`)]);
          return {
            outputs: {
              ...Object.fromEntries(perRun),
              runs: contentLoss(ops, 'mmd', inputs.predict, inputs.target, { groups }),
              noRoot: contentLoss(ops, 'mmd', inputs.predict, inputs.target, { groups, root: false }),
              whole: compare('predict', 'target', 'all'),
              same: compare('predict', 'predict', 'all'),
            },
          };
        },
      });
      fixture.expectValue('mmd_runs', outputs.runs[0]);
      fixture.expectValue('mmd_runs_noSqrt', outputs.noRoot[0]);
      fixture.expectValue('mmd_wholeSet', outputs.whole[0]);
      fixture.expectValue('mmd_PP', outputs.same[0]);
      fixture.expectValue(
        'mmd_per_run',
        single.map((_, i) => outputs[`run${i}`][0]),
      );
    });

    test('masked mean differences, adversarial losses', async () => {
      const [fake, real] = [fixture.map('scoreFake'), fixture.map('scoreReal')];
      const kinds = fixture.valueNames('G_').map((key) => key.slice('G_'.length));
      const { outputs } = await evaluate(await engines[name](), {
        inputs: {
          predict,
          target,
          gt,
          fake: { ...fake, values: logit(fake.values) },
          real: { ...real, values: logit(real.values) },
        },
        describe: (ops, inputs) => {
          const mask = labelMask(ops, inputs.gt, LABELS);
          const scores = { fake: inputs.fake, real: inputs.real, mask };
          const adversarial = kinds.flatMap((kind) => {
            const loss = ganLosses[adversarialOf(fixture, kind)];
            return [
              [`D_${kind}`, loss.discriminator(ops, scores)],
              [`D_real_${kind}`, loss.onReal(ops, scores)],
              [`D_fake_${kind}`, loss.onFake(ops, scores)],
              [`G_${kind}`, loss.generator(ops, scores)],
            ] as const;
          });
          return {
            outputs: {
              ...Object.fromEntries(adversarial),
              content_l1: contentLoss(ops, 'l1', inputs.predict, inputs.target, { mask }),
              content_mse: contentLoss(ops, 'mse', inputs.predict, inputs.target, { mask }),
            },
          };
        },
      });
      expect(kinds.length).toBeGreaterThan(0);
      for (const [key, values] of Object.entries(outputs)) fixture.expectValue(key, values[0]);
    });

    test('cross-entropy at every scale, with labels resized to it', async () => {
      const scales = fixture.valueNames('ce').flatMap((key) => /^ce(\d+)$/.exec(key)?.[1] ?? []);
      const big = fixture.integers('gtBig');
      const maps = scales.map((k) => {
        const logits = fixture.map(`logits${k}`);
        const [, height, width] = logits.shape;
        return { k, logits, labels: resizeLabels(big, [height, width]) };
      });
      for (const { k, labels } of maps) fixture.expectTensor(`gt${k}`, labels.values);
      const { outputs } = await evaluate(await engines[name](), {
        inputs: Object.fromEntries(
          maps.flatMap(({ k, logits, labels }) => [
            [`logits${k}`, logits],
            [`gt${k}`, labels],
          ]),
        ),
        describe: (ops, inputs) => {
          const losses = scales.map((k) => crossEntropy(ops, inputs[`logits${k}`], inputs[`gt${k}`]));
          return { outputs: Object.fromEntries(scales.map((k, i) => [`ce${k}`, losses[i]])) };
        },
      });
      for (const [key, values] of Object.entries(outputs)) fixture.expectValue(key, values[0]);
      fixture.expectValue('ce_mean', scales.reduce((sum, k) => sum + outputs[`ce${k}`][0], 0) / scales.length);
      fixture.expectValue(
        'acc',
        maps.map(({ logits, labels }) => accuracy(logits.values, labels.values)),
      );
    });
  });
});
