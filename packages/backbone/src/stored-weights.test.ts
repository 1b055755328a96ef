import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { backbones, createBackbone } from './registry.ts';
import { loadBackboneFile, saveBackbone } from './stored-weights.ts';

const NAME = 'test_mobilenet.micro';
const definition = backbones[NAME];
const build = (value: number) => createBackbone(NAME, { init: constant(value), seeds: new SeedTree(0) });
const firstWeight = (encoder: ReturnType<typeof build>) => [...encoder.namedParameters().values()][0].values[0];

const folder = temporaryFolder();

test('a saved file is loaded whatever the definition reads besides', async () => {
  const path = join(folder, 'weights.safetensors');
  await saveBackbone(path, build(3), { backbone: NAME, source: 'x', licence: 'x', input: definition.input });
  const encoder = build(0);
  const foreignLoaders = { '.h5': () => Promise.reject(new Error('not asked for')) };
  await loadBackboneFile(path, encoder, { name: NAME, foreignLoaders });
  expect(firstWeight(encoder)).toBe(3);
});

test("a published file goes to the definition's own loader, by the ending of its name", async () => {
  const encoder = build(0);
  const loaded: string[] = [];
  const foreignLoaders = {
    '.h5': async (given: ReturnType<typeof build>, path: string) => {
      expect(given).toBe(encoder);
      loaded.push(path);
    },
  };
  await loadBackboneFile('/some/WEIGHTS.H5', encoder, { name: NAME, foreignLoaders });
  expect(loaded).toEqual(['/some/WEIGHTS.H5']);
});

test.each(['x.pth', 'x.pth.tar', 'x.npz', 'x.h5'])('%s needs an import where no loader reads it', async (file) => {
  await expect(loadBackboneFile(file, build(0), { name: NAME })).rejects.toThrow(
    `unseen weights import ${file} --backbone ${NAME}`,
  );
});

test('the full-size MobileNets read the files that Keras publishes', () => {
  const keras = Object.values(backbones).filter(({ weights }) => weights?.format === 'keras-h5');
  expect(keras).toHaveLength(4);
  for (const { foreignLoaders } of keras) expect(Object.keys(foreignLoaders ?? {})).toEqual(['.h5']);
});
