import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import type { Shape } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { fittingBackbones } from './fitting.ts';
import { createBackbone } from './registry.ts';

const shapesOf = (name: string): Map<string, Shape> => {
  const encoder = createBackbone(name, { norm: 'frozen', init: constant(0), seeds: new SeedTree(0) });
  return new Map([...encoder.namedParameters()].map(([key, { shape }]) => [key, shape]));
};

test('weights with the names of this toolkit load', () => {
  expect(fittingBackbones(shapesOf('test_mobilenet.micro'))).toEqual([
    { name: 'test_mobilenet.micro', loads: true, family: 'unseen', extra: 0 },
  ]);
});

test('other names, axes in another order and a classifier behind still tell the network', () => {
  const foreign = new Map(
    [...shapesOf('test_mobilenet.micro')].map(([name, shape]) => [`x.${name}`, shape.toReversed()]),
  );
  foreign.set('fc.weight', [10, 64]).set('batches', []);
  expect(fittingBackbones(foreign)).toEqual([{ name: 'test_mobilenet.micro', loads: false, extra: 1 }]);
});

test('nothing fits where one shape is missing or most tensors are of something else', () => {
  const shapes = shapesOf('test_mobilenet.micro');
  const others = new Map([
    ...shapes,
    ...Array.from({ length: 500 }, (_, i): [string, Shape] => [`other.${i}`, [3, i]]),
  ]);
  expect(fittingBackbones(others)).toEqual([]);
  shapes.delete([...shapes.keys()][0]);
  expect(fittingBackbones(shapes)).toEqual([]);
});
