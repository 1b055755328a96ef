import { SeedTree, UserError } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { backbones, createBackbone, defineBackbone } from './registry.ts';
import { ResNet } from './resnet.ts';
import { tapShapes } from './shapes.suite.ts';

const seeds = new SeedTree(0);

test.each(Object.values(backbones))('$name keeps its contract at every output stride', (definition) => {
  expect(definition.name).toMatch(/^[a-z0-9_]+\.[a-z0-9_]+$/);
  for (const outputStride of definition.outputStrides) {
    const encoder = definition.build({ outputStride, init: constant(0), seeds });
    const last = encoder.stages[encoder.stages.length - 1];
    expect(last.stride).toBe(outputStride);
    const [[, height, width, channels]] = tapShapes(encoder, 64);
    // One position more by the ceil rule.
    expect([64 / outputStride, 64 / outputStride + 1]).toContain(height);
    expect([width, channels]).toEqual([height, last.channels]);
  }
});

test('taps come in the order that was asked for', () => {
  const encoder = createBackbone('test_resnet.micro', { taps: ['stage3', 'stem'], seeds });
  expect(tapShapes(encoder, 64, 32)).toEqual([
    [1, 8, 4, 64],
    [1, 32, 16, 16],
  ]);
});

test('the same seeds give the same weights', () => {
  const [a, b, c] = [0, 0, 1].map((seed) => createBackbone('test_mobilenet.micro', { seeds: new SeedTree(seed) }));
  const values = (encoder: typeof a) => [...encoder.namedParameters().values()].flatMap((p) => [...p.values]);
  expect(values(a)).toEqual(values(b));
  expect(values(a)).not.toEqual(values(c));
});

test('unknown names, strides and taps are errors with what there is', () => {
  expect(() => createBackbone('resnet111.caffe_in1k', { seeds })).toThrow("did you mean 'resnet101.caffe_in1k'");
  expect(() => createBackbone('test_resnet.micro', { outputStride: 16, seeds })).toThrow('one of: 2, 4, 8');
  expect(() => createBackbone('test_resnet.micro', { taps: ['stage9'], seeds })).toThrow("unknown stage 'stage9'");
  expect(() => defineBackbone(backbones['test_resnet.micro'])).toThrow(UserError);
});

test("a backbone of one's own can be added", () => {
  defineBackbone({
    ...backbones['test_resnet.micro'],
    name: 'own.test',
    build: (options) => new ResNet({ block: 'basic', depths: [1], widths: [8], strides: [1], ...options }),
  });
  expect(tapShapes(createBackbone('own.test', { seeds }), 32)).toEqual([[1, 8, 8, 8]]);
});
