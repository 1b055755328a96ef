import { MSC_SCALES } from '@unseen/backbone';
import { labelledInputs, Trunk } from '@unseen/experiment';
import { ganLosses, groupPixels } from '@unseen/nn';
import { ClassVectors } from '@unseen/synthesis';
import type { Program } from '@unseen/tensor';
import { resizeBilinear } from '@unseen/vision';
import {
  type CagnetChoices,
  type RealStepOptions,
  realLosses,
  realPass,
  realStep,
  trainedContextual,
} from '@unseen/zero-shot';
import { describe, expect, test } from 'vitest';
import { cagnetOf, choicesOf, classVectorsOf } from './cagnet-networks.ts';
import { compile, type Evaluated, engines, evaluate } from './evaluation.ts';
import { parity, type Tensor } from './fixture.ts';
import { jittered } from './gradient-checks.ts';
import { accuracy, resizeLabels } from './labels.ts';
import { contextualName, generatorName, headsName } from './state-names.ts';

/** The authors' names of losses. */
const CONTENT: Readonly<Record<string, CagnetChoices['content']>> = {
  MMDLoss: 'mmd',
  ContentLoss: 'l1',
  ContentLossMSE: 'mse',
};

/** The authors' groups of gradients. */
const GROUPS = [
  { group: 'D', loss: 'heads', module: 'heads', rename: headsName },
  { group: 'B', loss: 'contextual', module: 'contextual', rename: contextualName },
  { group: 'G', loss: 'generator', module: 'generator', rename: generatorName },
] as const;

/** A map [n, h, w, c] on another grid. */
function resizeMap({ shape, values }: Tensor<Float32Array>, grid: readonly [number, number]): Tensor<Float32Array> {
  const [images, height, width, channels] = shape;
  const size = height * width * channels;
  const resized = Float32Array.from({ length: images * grid[0] * grid[1] * channels });
  for (let i = 0; i < images; i++) {
    const { data } = resizeBilinear({ height, width, data: values.subarray(i * size, (i + 1) * size) }, ...grid);
    resized.set(data, i * data.length);
  }
  return { shape: [images, ...grid, channels], values: resized };
}

await parity('cagnet-step1', (fixture) => {
  const engine = engines.onnxruntime();
  const lambda = fixture.setting<Record<string, number>>('lambdas');
  const official = choicesOf(fixture);
  const noise = Array.from({ length: 1 + MSC_SCALES.length }, (_, scale) => fixture.map(`eps${scale}`));
  const grids = noise.map(({ shape: [, height, width] }) => [height, width] as const);
  const h = fixture.map('h');
  const [batch, height, width, channels] = h.shape;
  const gt = fixture.integers('gt');
  const maps = grids.map((grid, scale) => (scale === 0 ? h : resizeMap(h, grid)));
  const labels = grids.map((grid) => resizeLabels(gt, grid));

  // The generator's vectors of seen classes; all other labels have zeros (ST-1).
  const unseen = fixture.setting<number>('unseen');
  const rows = classVectorsOf(fixture);
  const vectors = new ClassVectors(rows.map((row, c) => (c < rows.length - unseen ? row : row.map(() => 0))));
  // The fixture also has the gradient of the selector, which the released code computes but does not apply (CG-1).
  const choices = { ...official, trainSelector: true };
  const model = cagnetOf(fixture, { choices, embedding: vectors.dimension, unseen });
  const groups = groupPixels(gt.values, { by: official.groupBy, classes: vectors.classes });

  function optionsFor(content: CagnetChoices['content'], adversarial: CagnetChoices['adversarial']): RealStepOptions {
    return {
      model,
      trunk: new Trunk({ channels }),
      vectors,
      choices: { ...choices, content, adversarial },
      weights: {
        classifyReal: lambda.Dr,
        classifyFake: lambda.Df,
        kl: lambda.KLD,
        contextualClassify: lambda.Bc,
        content: lambda.cont,
        adversarial: lambda.gan,
        generatorClassify: lambda.Gc,
      },
      batch,
      grids,
      channels,
      groups: [groups.groups, groups.samples],
      trainContextual: true,
    };
  }

  /** The inputs of a step, for an attempt at its gradients. */
  function inputsOf(options: RealStepOptions, attempt = 0): Record<string, Tensor> {
    const inputs: Record<string, Tensor> = {};
    maps.forEach(({ shape, values }, scale) => {
      const name = labelledInputs.maps(scale);
      inputs[name] = { shape, values: jittered(values, attempt, name) };
      inputs[labelledInputs.labels(scale)] = labels[scale];
    });
    if (options.choices.content !== 'mmd') return inputs;
    const shape = [groups.groups, groups.samples];
    return { ...inputs, groupPixels: { shape, values: groups.indices }, groupMask: { shape, values: groups.mask } };
  }

  const noiseOf = (attempt = 0) => noise.map(({ values }, scale) => jittered(values, attempt, `eps${scale}`));

  /** The step with the maps and the parts of the losses that it does not report. */
  const describeStep =
    (options: RealStepOptions): Program['describe'] =>
    (ops, values) => {
      const pass = realPass(ops, values, options);
      const { outputs, losses } = realLosses(ops, values, pass, options);
      const adversarial = ganLosses[options.choices.adversarial];
      const scores = { real: pass.judged[0].realness, fake: pass.judgedSynthetic.realness, mask: pass.mask };
      return {
        losses,
        outputs: {
          ...outputs,
          onReal: adversarial.onReal(ops, scores),
          onFake: adversarial.onFake(ops, scores),
          ...Object.fromEntries(pass.maps.map((map, k) => [`X${k}`, map])),
          ...Object.fromEntries(pass.judged.map(({ logits }, k) => [`logits${k}`, logits])),
          synthetic: pass.synthetic,
          syntheticLogits: pass.judgedSynthetic.logits,
        },
      };
    };

  /** Losses by the authors' names, with the weights that they have in them. */
  function lossesOf({ outputs }: Evaluated) {
    const { discriminate, classifyReal, classifyFake, deceive, content, kl, onReal, onFake } = Object.fromEntries(
      Object.entries(outputs).map(([name, values]) => [name, values[0]]),
    );
    const perMap = [...labels, labels[0]].map(({ values }, k) => accuracy(outputs[`logits${k}`], values));
    return {
      flag: 1,
      G_GAN: lambda.gan * deceive,
      G_Content: lambda.cont * content,
      G_cls: lambda.Gc * classifyFake,
      G: outputs.generator[0],
      B_KLD: lambda.KLD * kl,
      B_cls: lambda.Bc * classifyReal,
      B: outputs.contextual[0],
      D_real: onReal,
      D_fake: onFake,
      D_gp: 0,
      D_GAN: discriminate,
      D_cls_real: lambda.Dr * classifyReal,
      D_cls_fake: lambda.Df * classifyFake,
      D_cls: lambda.Dr * classifyReal + lambda.Df * classifyFake,
      D: outputs.heads[0],
      cls_real: classifyReal,
      cls_fake: classifyFake,
      acc_real: perMap.reduce((a, b) => a + b) / perMap.length,
      acc_fake: accuracy(outputs.syntheticLogits, labels[0].values),
    };
  }

  test('grids and labels of the scales', () => {
    expect(grids.slice(1)).toEqual(MSC_SCALES.map((s) => [Math.floor(s * height), Math.floor(s * width)]));
    for (const [k, { values }] of [...labels, labels[0]].entries()) fixture.expectTensor(`gtScale${k}`, values);
    expect(model.heads.classifier.weight.shape[0]).toBe(fixture.setting('K1'));
  });

  describe.each(fixture.valueNames('losses/').map((key) => key.split('/').slice(1)))('%s, %s', (content, gan) => {
    const adversarial = gan === 'lsgan' ? official.adversarial : (gan as CagnetChoices['adversarial']);

    const options = optionsFor(CONTENT[content], adversarial);

    test('all losses, and the features behind them', async () => {
      const evaluated = await evaluate(await engine, {
        inputs: inputsOf(options),
        noise: noiseOf(),
        training: true,
        describe: describeStep(options),
      });
      fixture.expectValue(`losses/${content}/${gan}`, lossesOf(evaluated));
      const { outputs } = evaluated;
      fixture.expectSummary('X_full', outputs.X0);
      fixture.expectSummary('X_half', outputs.X1);
      fixture.expectSummary('X_fused', outputs[`X${grids.length}`]);
      fixture.expectSummary('predict', outputs.synthetic);
    });

    const names = GROUPS.flatMap(({ group }) => fixture.gradientNames(`${group}/${content}/${gan}/`));
    if (names.length === 0) return;
    test('the gradients of the three groups of weights', { timeout: 300_000 }, async () => {
      const { describe } = realStep(options);
      const executable = compile(await engine, { inputs: inputsOf(options), training: true, describe });
      await fixture.expectGradients(names, async (attempt) => {
        const { gradients } = await executable.run(inputsOf(options, attempt), noiseOf(attempt));
        return (name) => {
          const { loss, module, rename } = GROUPS.find(({ group }) => name.startsWith(`${group}/`))!;
          const parameter = model[module].namedParameters().get(rename(name.slice(name.lastIndexOf('/') + 1)));
          return parameter && gradients[loss].get(parameter);
        };
      });
      executable.dispose();
    });
  });

  test('the official profile trains everything but the selector (CG-1)', () => {
    const selector = model.contextual.selector.parameters();
    expect(official.trainSelector).toBe(false);
    const trained = trainedContextual(model, official);
    expect(trained.length).toBe(model.contextual.parameters().length - selector.length);
    expect(trained.some((parameter) => selector.includes(parameter))).toBe(false);
  });
});
