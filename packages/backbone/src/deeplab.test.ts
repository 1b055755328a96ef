import { SeedTree } from '@unseen/core';
import { Conv2d, constant, Dense, type Module } from '@unseen/nn';
import { expect, test } from 'vitest';
import { DeepLabV3PlusDecoder, ELN_DECODER } from './deeplab-v3plus.ts';
import { createSegmentationNetwork } from './segmentation-registry.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const init = constant(0);

/** Weights and biases of convolutions and of dense layers. */
const linear = (module: Module) =>
  [...module.descendants(Conv2d), ...module.descendants(Dense)].reduce(
    (sum, { weight, bias }) => sum + weight.values.length + (bias?.values.length ?? 0),
    0,
  );

const decoderOf = (classes: number) =>
  new DeepLabV3PlusDecoder({
    ...ELN_DECODER,
    inputs: [256, 2048],
    classes,
    embedding: 128,
    norm: 'trained',
    init,
    seeds,
  });

test.each([
  [21, 71_189, 17_070_229],
  [19, 70_675, 17_069_715],
])("ELN's decoder for %d classes: parameters part by part", (classes, head, total) => {
  const decoder = decoderOf(classes);
  const fusion = [decoder.lowLevel, ...decoder.refine, decoder.last!];
  expect(linear(decoder.aspp)).toBe(15_532_032);
  expect(decoder.aspp.parameterCount()).toBe(15_532_032 + 2_560);
  expect(fusion.reduce((sum, part) => sum + linear(part), 0)).toBe(1_368_320);
  expect(fusion.reduce((sum, part) => sum + part.parameterCount(), 0)).toBe(1_368_320 + 1_120);
  expect(decoder.classifier.parameterCount()).toBe(head);
  expect(decoder.projector?.parameterCount()).toBe(98_688);
  expect(linear(decoder)).toBe(total);
  expect(decoder.parameterCount()).toBe(total + 3_680);
});

test.each([
  ['deeplabv3plus_resnet50.eln', 23_508_032],
  ['deeplabv3plus_resnet101.eln', 42_500_160],
])('%s: parameters of the encoder and of the whole', (name, encoder) => {
  const network = createSegmentationNetwork(name, { classes: 21, init, seeds });
  expect(network.encoder.parameterCount()).toBe(encoder);
  expect(network.parameterCount()).toBe(encoder + 17_073_909);
});

test.each([
  [21, 21_336_640, 26_911_265],
  [19, 21_330_368, 26_904_993],
])("ELN's error localisation network for %d classes: parameters", (classes, encoder, total) => {
  const network = createSegmentationNetwork('deeplabv3plus_resnet34.eln_error', {
    classes: 1,
    inputs: classes + 4,
    init,
    seeds,
  });
  expect(network.encoder.parameterCount()).toBe(encoder + 17_024);
  expect(network.parameterCount()).toBe(total);
});
