import { SeedTree } from '@unseen/core';
import { labelledInputs, labelledRows, rowCapacities, Trunk } from '@unseen/experiment';
import { Standardize } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { ClassVectors } from '@unseen/synthesis';
import { createEagerEngine, type Engine, type Parameter, type RunResult } from '@unseen/tensor';
import { describe, expect, it } from 'vitest';
import { Cagnet } from './networks.ts';
import { type RealStepOptions, realStep } from './real-step.ts';
import { cagnetSettings, chooseByProfile } from './settings.ts';

const seeds = new SeedTree(4);
const [batch, height, width, channels, seen] = [2, 4, 5, 6, 3];
const optimizer = { rate: 1 };
const settings = cagnetSettings.parse({
  cagnet: {
    network: {
      contextual: { width: 5 },
      generator: { hidden: [7], dropout: [0] },
      heads: { hidden: 8, dropout: 0 },
    },
  },
  train: { iterations: 1, batch, optimizers: { heads: optimizer, generator: optimizer, contextual: optimizer } },
  finetune: { iterations: 1, batch, optimizers: { heads: optimizer, generator: optimizer } },
});
const choices = chooseByProfile('default', settings.cagnet);
const random = seeds.child('data').stream();
const vectors = new ClassVectors(Array.from({ length: seen + 1 }, () => random.fillNormal(new Float32Array(4))));
const sizes = { channels, embedding: vectors.dimension, seen, unseen: 1 };
const options: RealStepOptions = {
  model: new Cagnet(sizes, settings.cagnet.network, choices, seeds),
  trunk: new Trunk({ channels, scaler: new Standardize(channels) }),
  vectors,
  choices,
  weights: { ...settings.train.weights, kl: 1, content: 10 },
  batch,
  grids: [[height, width]],
  channels,
  trainContextual: true,
};
const features = random.fillNormal(new Float32Array(batch * height * width * channels));
const labels = Int32Array.from({ length: batch * height * width }, (_, i) => (i % 3 === 0 ? 255 : i % seen));

function onMaps(engine: Engine): RunResult {
  const executable = engine.compile(realStep(options));
  return executable.run({ [labelledInputs.maps(0)]: features, [labelledInputs.labels(0)]: labels }, seeds.stream());
}

function onRows(engine: Engine): RunResult {
  const rows = labelledRows(labels, seen, rowCapacities([labels], seen)[0]);
  const executable = engine.compile(realStep({ ...options, rows: [rows.positions.length] }));
  const feeds = {
    [labelledInputs.maps(0)]: features,
    [labelledInputs.labels(0)]: rows.labels,
    [labelledInputs.positions(0)]: rows.positions,
  };
  return executable.run(feeds, seeds.stream());
}

describe.each([
  ['onnxruntime', createCompiledEngine()],
  ['cpu', await createEagerEngine('cpu')],
] as const)('a step on real features, %s', (_, engine) => {
  it('gives the same losses and gradients on rows of labelled positions as on whole maps', async () => {
    const maps = onMaps(engine);
    const rows = onRows(engine);
    for (const name of ['discriminate', 'classifyReal', 'deceive', 'content', 'kl']) {
      expect(await rows.scalar(name)).toBeCloseTo(await maps.scalar(name), 5);
    }
    if (engine.name === 'cpu') return; // The gradients of the reference live in TF.js.
    for (const [loss, gradients] of Object.entries(maps.gradients)) {
      for (const [parameter, gradient] of gradients as ReadonlyMap<Parameter, Float32Array>) {
        const other = rows.gradients[loss].get(parameter) as Float32Array;
        const scale = Math.max(...gradient.map(Math.abs), 1e-3);
        expect(Math.max(...gradient.map((g, i) => Math.abs(other[i] - g) / scale))).toBeLessThan(1e-4);
      }
    }
  });
});
