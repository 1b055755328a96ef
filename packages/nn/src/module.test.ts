import { SeedTree } from '@unseen/core';
import { Parameter } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { BatchNorm } from './layers/batch-norm.ts';
import { Conv2d } from './layers/conv.ts';
import { Dense } from './layers/dense.ts';
import { Module } from './module.ts';

class Block extends Module {
  readonly conv: Conv2d;
  readonly norm = new BatchNorm({ channels: 4 });
  constructor(seeds: SeedTree) {
    super();
    this.conv = new Conv2d({ inputs: 3, outputs: 4, kernel: 3, bias: false, seeds: seeds.child('conv') });
  }
}

class Network extends Module {
  readonly blocks: Block[];
  readonly heads: Record<string, Dense>;
  readonly token = new Parameter([5]);
  readonly again: Block;
  readonly label = 'not a parameter';
  constructor(seeds: SeedTree) {
    super();
    this.blocks = [0, 1].map((i) => new Block(seeds.child(i)));
    this.heads = { classes: new Dense({ inputs: 4, outputs: 2, seeds: seeds.child('classes') }) };
    this.again = this.blocks[0];
  }
}

test('parameters are named by field paths, through arrays and objects, each once', () => {
  const names = [...new Network(new SeedTree(0)).namedParameters().keys()];
  expect(names).toHaveLength(13);
  expect(names).toEqual(
    expect.arrayContaining(['blocks.0.conv.weight', 'blocks.1.norm.runningMean', 'heads.classes.bias', 'token']),
  );
  expect(names.some((name) => name.startsWith('again'))).toBe(false);
});

test('parameters() leaves running statistics out and counts the trainable weights', () => {
  const network = new Network(new SeedTree(0));
  expect(network.parameters()).toHaveLength(9);
  expect(network.parameterCount()).toBe(2 * (3 * 4 * 9 + 8) + 10 + 5);
  expect(new BatchNorm({ channels: 4, frozen: true }).parameters()).toEqual([]);
});

test('the same seeds give the same weights, other seeds other ones', () => {
  const weights = (seed: number) => new Network(new SeedTree(seed)).blocks[1].conv.weight.values;
  expect(weights(1)).toEqual(weights(1));
  expect(weights(1)).not.toEqual(weights(2));
  const { blocks } = new Network(new SeedTree(1));
  expect(blocks[0].conv.weight.values).not.toEqual(blocks[1].conv.weight.values);
});

test('descendants finds the modules of a class', () => {
  const network = new Network(new SeedTree(0));
  expect(network.descendants(BatchNorm)).toEqual(network.blocks.map((block) => block.norm));
  expect(network.descendants(Network)).toEqual([network]);
});
