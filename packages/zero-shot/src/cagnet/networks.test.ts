import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { Cagnet } from './networks.ts';
import { trainedContextual } from './real-step.ts';
import { cagnetSettings, chooseByProfile } from './settings.ts';

const seeds = new SeedTree(1);
const sizes = { channels: 3, embedding: 4, seen: 2, unseen: 1 };

function build(contextual: object) {
  const network = {
    contextual: { width: 4, ...contextual },
    generator: { hidden: [4], dropout: [0] },
    heads: { hidden: 4 },
  };
  const settings = cagnetSettings.shape.cagnet.parse({ network });
  const choices = chooseByProfile('default', settings);
  return { model: new Cagnet(sizes, settings.network, choices, seeds), choices };
}

test('without the contextual module features are σ(h), the code is noise, and nothing of the module is trained', async () => {
  const { model, choices } = build({ use: false });
  expect(trainedContextual(model, choices)).toEqual([]);
  const h = seeds.child('h').stream().fillNormal(new Float32Array(12));
  const executable = (await createEagerEngine('cpu')).compile({
    name: 'bare',
    training: true,
    inputs: { h: { shape: [1, 2, 2, 3], dtype: 'float32' } },
    describe: (ops, inputs) => ({ outputs: model.contextualize(ops, inputs.h) }),
  });
  const outputs = async (name: string) => {
    const result = executable.run({ h }, seeds.child(name).stream());
    return { features: [...(await result.read('features'))], z: [...(await result.read('z'))] };
  };
  const [first, second] = [await outputs('a'), await outputs('b')];
  h.forEach((value, i) => {
    expect(first.features[i]).toBeCloseTo(1 / (1 + Math.exp(-value)), 6);
  });
  expect(second.features).toEqual(first.features);
  expect(second.z).not.toEqual(first.z);
});

test('a selector that is not there is not trained', () => {
  const { model, choices } = build({ selector: 'none' });
  const [selector] = model.contextual.selector.parameters();
  expect(trainedContextual(model, choices)).not.toContain(selector);
  const usual = build({});
  expect(trainedContextual(usual.model, usual.choices)).toContain(usual.model.contextual.selector.parameters()[0]);
});
