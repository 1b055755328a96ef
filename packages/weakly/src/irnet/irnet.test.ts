import { ResNet } from '@unseen/backbone';
import { SeedTree, UserError } from '@unseen/core';
import { constant, multiLabelSoftMargin } from '@unseen/nn';
import { ShapeOps, Tape } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { mirror } from '../mirror.ts';
import { expectSameAfterLoading, expectUseful, normalValues, run } from '../run.suite.ts';
import { CamNetwork } from './cam-network.ts';
import { createIrnetEncoder } from './encoder.ts';
import { RelationNetwork } from './relation-network.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const init = constant(0);
const TAPS = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];
const shapes = new Tape(new ShapeOps(false));
const count = (parameters: readonly { values: Float32Array }[]) =>
  parameters.reduce((sum, { values }) => sum + values.length, 0);

/** The layers of ResNet-50 and their strides, with few channels. */
const smallEncoder = (seeds: SeedTree, taps: readonly string[], norm: 'frozen' | 'affine' = 'frozen') =>
  new ResNet({
    block: 'bottleneck',
    depths: [1, 1, 1, 1],
    widths: [3, 2, 4, 3],
    stem: { width: 6, kernel: 7, pool: 'floor' },
    outputStride: 16,
    dilation: 'none',
    taps,
    norm,
    seeds,
  });

const smallRelations = (seeds: SeedTree) =>
  new RelationNetwork({
    encoder: smallEncoder(seeds, TAPS),
    boundary: { width: 4, groups: 2 },
    displacement: { widths: [4, 6, 8], groups: [2, 3, 2] },
    seeds,
  });

const smallCam = (seeds: SeedTree) =>
  new CamNetwork({ encoder: smallEncoder(seeds, ['stage4'], 'affine'), classes: 3, seeds });

test('parameters of the classifier: ResNet-50 and a linear layer, of which the last two stages are trained', () => {
  const encoder = createIrnetEncoder({ norm: 'affine', init, seeds });
  const network = new CamNetwork({ encoder, classes: 20, init, seeds });
  expect(network.parameterCount()).toBe(23_508_032 + 40_960);
  const trained = network.trainedParameters();
  expect(count(trained.encoder)).toBe(7_098_368 + 14_964_736);
  expect(count(trained.classifier)).toBe(40_960);
});

test('parameters of the relations: 125,409 for boundaries, 1,269,120 for displacements, none of the encoder', () => {
  const encoder = createIrnetEncoder({ taps: TAPS, init, seeds });
  const network = new RelationNetwork({ encoder, init, seeds });
  const { boundary, displacement } = network.trainedParameters();
  expect([count(boundary), count(displacement)]).toEqual([125_409, 1_269_120]);
});

test('the encoder has output stride 16 and no dilation; other taps than five are refused', () => {
  const encoder = createIrnetEncoder({ taps: TAPS, init, seeds });
  expect(encoder.taps.map(({ stride }) => stride)).toEqual([4, 4, 8, 16, 16]);
  const blocks = (encoder as ResNet).layers.flat();
  expect(new Set(blocks.map((block) => ('spatial' in block ? block.spatial.conv.dilation : 0)))).toEqual(new Set([1]));
  expect(() => new RelationNetwork({ encoder: smallEncoder(seeds, ['stem', 'stage2']), seeds })).toThrow(UserError);
});

test.each([
  [97, 122, 128, [25, 31]],
  [129, 90, 128, [33, 23]],
  [75, 500, 512, [19, 125]],
])('an image of %d×%d, filled up to %d, gives maps of %j', (height, width, least, grid) => {
  const { boundary, displacement } = smallRelations(seeds).infer(shapes, { shape: [1, height, width, 3] }, { least });
  expect(boundary.shape).toEqual([1, ...grid, 1]);
  expect(displacement.shape).toEqual([1, ...grid, 2]);
});

test('the boundaries of a symmetric image are symmetric, those of the mirror image the mirrored ones', async () => {
  const network = smallRelations(seeds);
  // Whole positions, so that both images have the same grid.
  const image = normalValues('image', [1, 24, 32, 3]);
  const { outputs } = await run(
    (ops, { image }) => {
      const least = 32;
      const symmetric = ops.add(image, mirror(ops, image));
      return {
        outputs: {
          own: network.infer(ops, image, { least }).boundary,
          mirrored: mirror(ops, network.infer(ops, mirror(ops, image), { least }).boundary),
          symmetric: network.infer(ops, symmetric, { least }).boundary,
        },
      };
    },
    { image },
  );
  const columns = 8;
  outputs.own.forEach((value, i) => {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1);
    expect(outputs.mirrored[i]).toBeCloseTo(value, 5);
    expect(outputs.symmetric[i]).toBeCloseTo(outputs.symmetric[i - (i % columns) + columns - 1 - (i % columns)], 5);
  });
  expect(new Set(outputs.own).size).toBeGreaterThan(10);
});

test('the mean of the displacements is subtracted outside training only', async () => {
  const network = smallRelations(seeds);
  const field = async (training: boolean) =>
    (
      await run(
        (ops, { images }) => ({ outputs: { field: network.forward(ops, images).displacement } }),
        { images: normalValues('images', [1, 37, 45, 3]) },
        training,
      )
    ).outputs.field;
  const plain = await field(false);
  network.meanShift.assign(Float32Array.of(0.5, -2));
  const [shifted, training] = [await field(false), await field(true)];
  plain.forEach((value, i) => {
    expect(shifted[i]).toBeCloseTo(value - [0.5, -2][i % 2], 5);
    expect(training[i]).toBeCloseTo(value, 5);
  });
});

test('training reaches both branches and not the encoder', async () => {
  const network = smallRelations(seeds);
  const { boundary, displacement } = network.trainedParameters();
  const filters = network.encoder.parameters();
  const { gradients } = await run(
    (ops, { images }) => {
      const maps = network.forward(ops, images);
      const value = ops.add(ops.mean(ops.square(maps.boundary)), ops.mean(ops.square(maps.displacement)));
      return {
        outputs: {},
        losses: {
          branches: { value, parameters: [...boundary, ...displacement] },
          encoder: { value, parameters: filters },
        },
      };
    },
    { images: normalValues('images', [2, 45, 53, 3]) },
    true,
  );
  expectUseful(gradients.branches, [...boundary, ...displacement]);
  for (const values of gradients.encoder.values()) expect(values.every((x) => x === 0)).toBe(true);
});

test('relations are the same after saving and loading, the mean of the displacements included', async () => {
  const images = normalValues('images', [1, 45, 53, 3]);
  const build = (seeds: SeedTree) => {
    const network = smallRelations(seeds);
    network.meanShift.assign(seeds.stream().fillNormal(new Float32Array(2)));
    return network;
  };
  await expectSameAfterLoading(build, async (network) => {
    const { outputs } = await run((ops, { images }) => ({ outputs: { ...network.forward(ops, images) } }), { images });
    return outputs;
  });
});

test('logits are the mean of the class maps before their ReLU; mirrored maps are mirrored', async () => {
  const network = smallCam(seeds);
  const images = normalValues('images', [2, 41, 51, 3]);
  const { outputs, shapes } = await run(
    (ops, { images }) => {
      const [features] = network.encoder.forward(ops, images);
      return {
        outputs: {
          logits: network.forward(ops, images),
          means: ops.mean(network.classifier.forward(ops, features), [1, 2]),
          maps: network.activations(ops, images),
          sum: network.mirroredActivations(ops, images),
          turned: mirror(ops, network.mirroredActivations(ops, mirror(ops, images))),
        },
      };
    },
    { images },
  );
  expect([shapes.logits, shapes.maps, shapes.sum]).toEqual([
    [2, 3],
    [2, 3, 4, 3],
    [2, 3, 4, 3],
  ]);
  outputs.logits.forEach((logit, i) => {
    expect(logit).toBeCloseTo(outputs.means[i], 5);
  });
  expect(outputs.maps.every((x) => x >= 0)).toBe(true);
  outputs.sum.forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(outputs.maps[i]);
    expect(outputs.turned[i]).toBeCloseTo(value, 5);
  });
});

test('the classifier learns with the stages that are trained, and is the same after saving and loading', async () => {
  const network = smallCam(seeds);
  const { encoder, classifier } = network.trainedParameters();
  expect(encoder.length).toBeLessThan(network.encoder.parameters().length);
  const images = normalValues('images', [2, 41, 51, 3]);
  const targets = { shape: [2, 3], values: Float32Array.of(1, 0, 0, 0, 1, 1) };
  const { gradients } = await run(
    (ops, { images, targets }) => {
      const value = multiLabelSoftMargin(ops, network.forward(ops, images), targets);
      return { outputs: {}, losses: { loss: { value, parameters: [...encoder, ...classifier] } } };
    },
    { images, targets },
    true,
  );
  expectUseful(gradients.loss, [...encoder, ...classifier]);
  await expectSameAfterLoading(smallCam, async (network) => {
    const { outputs } = await run((ops, { images }) => ({ outputs: { y: network.forward(ops, images) } }), { images });
    return outputs;
  });
});
