import { createBackbone, SummedAspp, viewsAtScales } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { labelledInputs, Trunk } from '@unseen/experiment';
import { createCompiledEngine } from '@unseen/onnx';
import { ClassVectors } from '@unseen/synthesis';
import type { Engine, Parameter, RunResult } from '@unseen/tensor';
import { beforeAll, expect, test } from 'vitest';
import { jointGroups, jointOptimizer } from './cagnet.ts';
import { Cagnet } from './networks.ts';
import { type RealStepOptions, realStep, trainedContextual } from './real-step.ts';
import { cagnetSettings, chooseByProfile } from './settings.ts';

const seeds = new SeedTree(7);
const [batch, side, seen] = [2, 16, 3];
const scales = [0.5, 0.75];
const grids = [8, 4, 6].map((cells) => [cells, cells] as const);
const other = { rate: 1 };
const settings = cagnetSettings.parse({
  cagnet: {
    network: {
      contextual: { width: 5 },
      generator: { hidden: [7], dropout: [0] },
      heads: { hidden: 8, dropout: 0 },
    },
  },
  train: { iterations: 20, batch, optimizers: { heads: other, generator: other, backbone: { rate: 1e-3 } } },
  finetune: { iterations: 1, batch, optimizers: { heads: other, generator: other } },
});
const choices = chooseByProfile('default', settings.cagnet);
const random = seeds.child('data').stream();
const vectors = new ClassVectors(Array.from({ length: seen + 1 }, () => random.fillNormal(new Float32Array(4))));
const images = random.fillNormal(new Float32Array(batch * side * side * 3));
const labels = Object.fromEntries(
  grids.map(([height, width], scale) => [
    labelledInputs.labels(scale),
    Int32Array.from({ length: batch * height * width }, (_, i) => (i % 5 === 0 ? 255 : i % seen)),
  ]),
);

let engine: Engine;
beforeAll(async () => {
  engine = await createCompiledEngine();
});

/** A step on images with networks of its own. */
function fresh(): RealStepOptions {
  const encoder = createBackbone('test_resnet.micro', {
    outputStride: 2,
    norm: 'frozen',
    seeds: seeds.child('encoder'),
  });
  const [{ channels: inputs }] = encoder.taps;
  const channels = 6;
  const aspp = new SummedAspp({ inputs, outputs: channels, dilations: [1, 3], seeds: seeds.child('aspp') });
  const sizes = { channels, embedding: vectors.dimension, seen, unseen: 1 };
  return {
    model: new Cagnet(sizes, settings.cagnet.network, choices, seeds.child('cagnet')),
    trunk: new Trunk({ channels, encoder, aspp }),
    vectors,
    choices,
    weights: { ...settings.train.weights, kl: 1, content: 10 },
    batch,
    grids,
    channels: 3,
    images: { size: [side, side], scales },
    trainContextual: true,
  };
}

const jointlyTrained = ({ trunk, model }: RealStepOptions) => ({
  trunk,
  contextual: trainedContextual(model, choices),
});

/** The same noise at every call. */
function runStep(options: RealStepOptions): RunResult {
  const executable = engine.compile(realStep(options));
  return executable.run({ [labelledInputs.maps(0)]: images, ...labels }, seeds.child('noise').stream());
}

test('a step on images is one on the maps that the trunk makes of them at each scale', async () => {
  const options = fresh();
  const { trunk } = options;
  const maps = engine
    .compile({
      name: 'maps',
      inputs: { x: { shape: [batch, side, side, 3], dtype: 'float32' } },
      describe: (ops, { x }) => {
        const views = viewsAtScales(ops, x, (view) => trunk.forward(ops, view), scales);
        return { outputs: Object.fromEntries(views.map((view, scale) => [`${scale}`, view])) };
      },
    })
    .run({ x: images });
  const stored: Record<string, Float32Array> = {};
  for (const scale of grids.keys()) stored[labelledInputs.maps(scale)] = (await maps.read(`${scale}`)).slice();

  const { images: _, ...rest } = options;
  const { channels } = trunk;
  const onMaps = engine
    .compile(realStep({ ...rest, channels, trunk: new Trunk({ channels }) }))
    .run({ ...stored, ...labels }, seeds.child('noise').stream());
  const onImages = runStep(options);
  for (const loss of ['heads', 'contextual', 'generator'])
    expect(await onImages.scalar(loss)).toBeCloseTo(await onMaps.scalar(loss), 4);
});

test('the loss of the contextual module trains every group of the trunk at its own rate', async () => {
  const options = fresh();
  const { trunk } = options;
  const trained = jointlyTrained(options);
  const rule = settings.train.optimizers.backbone!;
  const { optimizer, learningRate: rate } = jointOptimizer(engine, settings.train.optimizers, trained, 20);
  const result = runStep(options);
  const gradients = new Map(
    [...(result.gradients.contextual as ReadonlyMap<Parameter, Float32Array>)].map(([p, g]) => [p, g.slice()]),
  );
  const before = new Map([...gradients.keys()].map((parameter) => [parameter, parameter.values.slice()]));
  optimizer.step(result.gradients.contextual, rate(0));

  const groups = [
    { parameters: trunk.encoder!.parameters(), factor: 1, decay: 5e-4 },
    { parameters: options.model.contextual.parameters(), factor: 5, decay: 5e-4 },
    { parameters: trunk.aspp!.branches.map(({ weight }) => weight), factor: 10, decay: 5e-4 },
    { parameters: trunk.aspp!.branches.map(({ bias }) => bias!), factor: 20, decay: 0 },
  ];
  expect(groups.flatMap(({ parameters }) => parameters)).toHaveLength(gradients.size);
  for (const { parameters, factor, decay } of groups) {
    for (const parameter of parameters) {
      const [gradient, old] = [gradients.get(parameter)!, before.get(parameter)!];
      expect(gradient.some((value) => Math.abs(value) > 0)).toBe(true);
      const expected = old.map((w, i) => w - rule.rate * factor * (gradient[i] + decay * w));
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - parameter.values[i])));
      expect(worst).toBeLessThan(1e-5);
    }
  }
  const norms = [...trunk.encoder!.namedParameters()].filter(([name]) => /scale|shift|running/.test(name));
  expect(norms.length).toBeGreaterThan(0);
  for (const [, parameter] of norms) expect(gradients.has(parameter)).toBe(false);
});

test('a small step lowers that loss by as much as its gradient says', async () => {
  // The content loss holds the features still, so it falls by more or less than its gradient says.
  const options = { ...fresh(), choices: { ...choices, joint: false } };
  const rules = {
    ...settings.train.optimizers,
    backbone: { ...settings.train.optimizers.backbone!, rate: 1e-6, weightDecay: 0 },
  };
  const { optimizer, learningRate: rate } = jointOptimizer(engine, rules, jointlyTrained(options), 20);
  const result = runStep(options);
  const before = await result.scalar('contextual');
  const { trunk } = options;
  const factors = new Map([
    ...trunk.encoder!.parameters().map((parameter) => [parameter, 1] as const),
    ...options.model.contextual.parameters().map((parameter) => [parameter, 5] as const),
    ...trunk.aspp!.branches.flatMap(({ weight, bias }) => [[weight, 10] as const, [bias!, 20] as const]),
  ]);
  let expected = 0;
  for (const [parameter, gradient] of result.gradients.contextual as ReadonlyMap<Parameter, Float32Array>)
    expected += 1e-6 * factors.get(parameter)! * gradient.reduce((sum, value) => sum + value ** 2, 0);
  optimizer.step(result.gradients.contextual, rate(0));
  const after = await runStep(options).scalar('contextual');
  expect((before - after) / expected).toBeGreaterThan(0.95);
  expect((before - after) / expected).toBeLessThan(1.05);
});

test('fine-tuning leaves trunk and contextual module alone', () => {
  const tuned = runStep({ ...fresh(), trainContextual: false });
  const trained = Object.values(tuned.gradients).flatMap((gradients) => [...gradients.keys()]);
  expect(Object.keys(tuned.gradients).sort()).toEqual(['generator', 'heads']);
  expect(trained.length).toBeGreaterThan(0);
});

test('behind stored features an encoder has no group', () => {
  const { model, trunk } = fresh();
  const behind = trunk.behindEncoder();
  const { multipliers, weightDecay } = settings.train.optimizers.backbone!;
  const groups = jointGroups(
    { trunk: behind, contextual: trainedContextual(model, choices) },
    { multipliers: { ...multipliers, aspp: 3 }, weightDecay },
  );
  expect(groups.map(({ parameters }) => parameters.length)).toEqual([0, 2, 2, 7]);
  expect(groups.map(({ rateMultiplier }) => rateMultiplier)).toEqual([1, 3, 20, 5]);
});
