import { MSC_SCALES } from '@unseen/backbone';
import { labelledInputs, Trunk } from '@unseen/experiment';
import { type GanKind, ganLosses, groupPixels } from '@unseen/nn';
import { ClassVectors } from '@unseen/synthesis';
import { resizeBilinear } from '@unseen/vision';
import { type CagnetChoices, type RealStepOptions, realLosses, realPass, trainedContextual } from '@unseen/zero-shot';
import { expect, test } from 'vitest';
import { adversarialOf, cagnetOf, choicesOf, classVectorsOf } from './cagnet-networks.ts';
import { compile, engines, evaluate } from './evaluation.ts';
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

  /** The pairs of content and adversarial loss that the fixture has numbers of. */
  const cases = fixture.valueNames('losses/').map((key) => {
    const [, content, gan] = key.split('/');
    return { name: `${content}/${gan}`, options: optionsFor(CONTENT[content], adversarialOf(fixture, gan)) };
  });
  // The forward pass does not depend on them.
  const [{ options: anyOptions }] = cases;

  function optionsFor(content: CagnetChoices['content'], adversarial: GanKind): RealStepOptions {
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
  function inputsOf(attempt = 0): Record<string, Tensor> {
    const shape = [groups.groups, groups.samples];
    const inputs: Record<string, Tensor> = {
      groupPixels: { shape, values: groups.indices },
      groupMask: { shape, values: groups.mask },
    };
    maps.forEach(({ shape, values }, scale) => {
      const name = labelledInputs.maps(scale);
      inputs[name] = { shape, values: jittered(values, attempt, name) };
      inputs[labelledInputs.labels(scale)] = labels[scale];
    });
    return inputs;
  }

  const noiseOf = (attempt = 0) => noise.map(({ values }, scale) => jittered(values, attempt, `eps${scale}`));

  /**
   * Losses by the authors' names, each with its λ where the authors report it with one: adversarial losses are reported
   * without, even that of the generator.
   */
  function lossesOf(outputs: Readonly<Record<string, Float32Array>>, name: string) {
    const of = (part: string) => outputs[`${name}/${part}`][0];
    const [classifyReal, classifyFake] = [of('classifyReal'), of('classifyFake')];
    const perMap = [...labels, labels[0]].map(({ values }, k) => accuracy(outputs[`logits${k}`], values));
    return {
      flag: 1,
      G_GAN: of('deceive'),
      G_Content: lambda.cont * of('content'),
      G_cls: lambda.Gc * classifyFake,
      G: of('generator'),
      B_KLD: lambda.KLD * of('kl'),
      B_cls: lambda.Bc * classifyReal,
      B: of('contextual'),
      D_real: of('onReal'),
      D_fake: of('onFake'),
      D_gp: 0,
      D_GAN: of('discriminate'),
      D_cls_real: lambda.Dr * classifyReal,
      D_cls_fake: lambda.Df * classifyFake,
      D_cls: lambda.Dr * classifyReal + lambda.Df * classifyFake,
      D: of('heads'),
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

  test('all losses, and the features behind them', async () => {
    const { outputs } = await evaluate(await engine, {
      inputs: inputsOf(),
      noise: noiseOf(),
      training: true,
      describe: (ops, values) => {
        const pass = realPass(ops, values, anyOptions);
        const scores = { real: pass.judged[0].realness, fake: pass.judgedSynthetic.realness, mask: pass.mask };
        const parts = cases.flatMap(({ name, options }) => {
          const { outputs, losses } = realLosses(ops, values, pass, options);
          const adversarial = ganLosses[options.choices.adversarial];
          const ofCase = {
            ...outputs,
            ...Object.fromEntries(Object.entries(losses).map(([loss, { value }]) => [loss, value])),
            onReal: adversarial.onReal(ops, scores),
            onFake: adversarial.onFake(ops, scores),
          };
          return Object.entries(ofCase).map(([part, value]) => [`${name}/${part}`, value] as const);
        });
        return {
          outputs: {
            ...Object.fromEntries(parts),
            ...Object.fromEntries(pass.maps.map((map, k) => [`X${k}`, map])),
            ...Object.fromEntries(pass.judged.map(({ logits }, k) => [`logits${k}`, logits])),
            synthetic: pass.synthetic,
            syntheticLogits: pass.judgedSynthetic.logits,
          },
        };
      },
    });
    for (const { name } of cases) fixture.expectValue(`losses/${name}`, lossesOf(outputs, name));
    fixture.expectSummary('X_full', outputs.X0);
    fixture.expectSummary('X_half', outputs.X1);
    fixture.expectSummary('X_fused', outputs[`X${grids.length}`]);
    fixture.expectSummary('predict', outputs.synthetic);
  });

  const gradientNames = cases.flatMap(({ name }) =>
    GROUPS.flatMap(({ group }) => fixture.gradientNames(`${group}/${name}/`)),
  );

  test('the gradients of the three groups of weights', { timeout: 300_000 }, async () => {
    const withGradients = cases.filter(({ name }) => gradientNames.some((gradient) => gradient.includes(`/${name}/`)));
    const executable = compile(await engine, {
      inputs: inputsOf(),
      training: true,
      describe: (ops, values) => {
        const pass = realPass(ops, values, anyOptions);
        const losses = withGradients.flatMap(({ name, options }) =>
          Object.entries(realLosses(ops, values, pass, options).losses).map(
            ([loss, of]) => [`${name}/${loss}`, of] as const,
          ),
        );
        return { outputs: {}, losses: Object.fromEntries(losses) };
      },
    });
    await fixture.expectGradients(gradientNames, async (attempt) => {
      const { gradients } = await executable.run(inputsOf(attempt), noiseOf(attempt));
      return (name) => {
        const [group, content, gan, tensor] = name.split('/');
        const { loss, module, rename } = GROUPS.find((one) => one.group === group)!;
        const parameter = model[module].namedParameters().get(rename(tensor));
        return parameter && gradients[`${content}/${gan}/${loss}`].get(parameter);
      };
    });
    executable.dispose();
  });

  test('the official profile trains everything but the selector (CG-1)', () => {
    const selector = model.contextual.selector.parameters();
    expect(official.trainSelector).toBe(false);
    const trained = trainedContextual(model, official);
    expect(trained.length).toBe(model.contextual.parameters().length - selector.length);
    expect(trained.some((parameter) => selector.includes(parameter))).toBe(false);
  });
});
