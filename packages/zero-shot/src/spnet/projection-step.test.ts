import { createBackbone, SummedAspp } from '@unseen/backbone';
import { WordVectorProjection } from '@unseen/classifier';
import { IGNORE, SeedTree } from '@unseen/core';
import { labelledInputs, labelledRows, Trunk } from '@unseen/experiment';
import { createCompiledEngine } from '@unseen/onnx';
import type { Parameter } from '@unseen/tensor';
import { resizeBilinear } from '@unseen/vision';
import { expect, test } from 'vitest';
import { type ProjectionStepOptions, projectionStep } from './projection-step.ts';

const engine = createCompiledEngine();
const seeds = new SeedTree(5);
const [batch, channels, seen, classes, dimension] = [2, 4, 3, 5, 6];
const grids = [6, 3, 4].map((side) => [side, side] as const);
const random = seeds.child('data').stream();
const vectors = Array.from({ length: classes }, () => random.fillNormal(new Float32Array(dimension)));

const options = (): ProjectionStepOptions => ({
  trunk: new Trunk({ channels }),
  head: new WordVectorProjection({ features: channels, vectors, projection: {}, seeds: seeds.child('head') }),
  batch,
  seen,
  scaleLosses: 'sum',
  grids,
  channels,
});

/** Feature maps by scale, and labels of which every third is ignored. */
const maps = grids.map(([height, width]) => random.fillNormal(new Float32Array(batch * height * width * channels)));
const labels = grids.map(([height, width]) =>
  Int32Array.from({ length: batch * height * width }, (_, i) => (i % 3 === 0 ? IGNORE : (i * 7) % seen)),
);
const feeds = Object.fromEntries(
  grids.flatMap((_, scale) => [
    [labelledInputs.maps(scale), maps[scale]],
    [labelledInputs.labels(scale), labels[scale]],
  ]),
);

/** Logits of the seen classes at one position, in double precision. */
function logitsAt({ head }: ProjectionStepOptions, feature: Float32Array): number[] {
  const [{ weight, bias }] = head.layers;
  const projected = Array.from(bias!.values, (b, o) =>
    feature.reduce((sum, value, i) => sum + value * weight.values[o * channels + i], b),
  );
  return vectors.slice(0, seen).map((vector) => projected.reduce((sum, f, i) => sum + f * vector[i], 0));
}

function crossEntropy(logits: readonly (readonly number[])[], truth: Int32Array): number {
  const errors = logits.flatMap((row, i) =>
    truth[i] === IGNORE ? [] : [Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[truth[i]]],
  );
  return errors.reduce((a, b) => a + b) / errors.length;
}

test('the loss is the sum of the cross-entropies of all scales and of their maximum (SP-1)', async () => {
  const given = options();
  const logits = maps.map((map) =>
    Array.from({ length: map.length / channels }, (_, i) =>
      logitsAt(given, map.subarray(i * channels, (i + 1) * channels)),
    ),
  );
  const [side] = grids[0];
  const enlarged = logits.map((rows, scale) => {
    const [own] = grids[scale];
    return Array.from({ length: batch }, (_, n) => {
      const data = Float32Array.from(rows.slice(n * own * own, (n + 1) * own * own).flat());
      return [...resizeBilinear({ height: own, width: own, data }, side, side).data];
    }).flat();
  });
  const largest = enlarged[0].map((_, i) => Math.max(...enlarged.map((map) => map[i])));
  const fused = Array.from({ length: largest.length / seen }, (_, i) => largest.slice(i * seen, (i + 1) * seen));
  const expected = [...logits.map((rows, scale) => crossEntropy(rows, labels[scale])), crossEntropy(fused, labels[0])];
  const sum = expected.reduce((a, b) => a + b);

  const result = engine.compile(projectionStep(given)).run(feeds);
  for (const [k, name] of ['classify0', 'classify1', 'classify2', 'classifyMaximum'].entries())
    expect(await result.scalar(name)).toBeCloseTo(expected[k], 4);
  expect(await result.scalar('classify')).toBeCloseTo(sum, 4);
  const mean = engine.compile(projectionStep({ ...given, scaleLosses: 'mean' })).run(feeds);
  expect(await mean.scalar('classify')).toBeCloseTo(sum / 4, 4);
});

test('a step moves the loss by as much as its gradients say', async () => {
  const given = options();
  const executable = engine.compile(projectionStep(given));
  const result = executable.run(feeds);
  const before = await result.scalar('classify');
  let expected = 0;
  for (const [parameter, gradient] of result.gradients.classify as ReadonlyMap<Parameter, Float32Array>) {
    gradient.forEach((g, i) => {
      parameter.values[i] -= 1e-4 * g;
      expected += 1e-4 * g * g;
    });
  }
  const after = await executable.run(feeds).scalar('classify');
  expect((before - after) / expected).toBeGreaterThan(0.95);
  expect((before - after) / expected).toBeLessThan(1.05);
});

test('labelled rows of one scale give the loss and the gradients of the whole map', async () => {
  const given = { ...options(), grids: [grids[0]] };
  const inputs = { [labelledInputs.maps(0)]: maps[0], [labelledInputs.labels(0)]: labels[0] };
  const rows = 50;
  const kept = labelledRows(labels[0], seen, rows);
  const whole = engine.compile(projectionStep(given)).run(inputs);
  const some = engine.compile(projectionStep({ ...given, rows: [rows] })).run({
    ...inputs,
    [labelledInputs.labels(0)]: kept.labels,
    [labelledInputs.positions(0)]: kept.positions,
  });
  expect(await some.scalar('classify')).toBeCloseTo(await whole.scalar('classify'), 5);
  const gradients = whole.gradients.classify as ReadonlyMap<Parameter, Float32Array>;
  for (const [parameter, gradient] of some.gradients.classify as ReadonlyMap<Parameter, Float32Array>) {
    gradient.forEach((value, i) => {
      expect(value).toBeCloseTo(gradients.get(parameter)![i], 5);
    });
  }
  expect(gradients.size).toBe(2);
});

test('the pyramid of a trunk that makes the projection itself is trained, and so is the encoder', async () => {
  const encoder = createBackbone('test_resnet.micro', {
    outputStride: 2,
    norm: 'frozen',
    seeds: seeds.child('encoder'),
  });
  const [{ channels: inputs }] = encoder.taps;
  const aspp = new SummedAspp({ inputs, outputs: dimension, dilations: [1], seeds: seeds.child('aspp') });
  const step = projectionStep({
    ...options(),
    trunk: new Trunk({ channels: dimension, encoder, aspp }),
    head: new WordVectorProjection({ features: dimension, vectors, projection: null, seeds }),
    channels: 3,
    images: { size: [12, 12], scales: [0.5, 0.67] },
  });
  const image = random.fillNormal(new Float32Array(batch * 12 * 12 * 3));
  const names = grids.map((_, scale) => labelledInputs.labels(scale));
  const given = Object.fromEntries(names.map((name) => [name, feeds[name]]));
  const result = engine.compile(step).run({ ...given, [labelledInputs.maps(0)]: image });
  const trained = new Set(result.gradients.classify.keys());
  expect(trained).toEqual(new Set([...encoder.parameters(), ...aspp.parameters()]));
});
