import { expect, it } from 'vitest';
import { cagnetSettings } from './settings.ts';

const optimizer = { rate: 1 };
const optimizers = { heads: optimizer, generator: optimizer };
const train = { iterations: 1, batch: 1, optimizers: { ...optimizers, contextual: optimizer } };

it('fine-tuning has its own weights, whichever of them are given', () => {
  const finetune = (weights?: object) =>
    cagnetSettings.parse({ train, finetune: { iterations: 1, batch: 1, optimizers, ...(weights && { weights }) } })
      .finetune.weights;
  expect(finetune()).toMatchObject({ classifyReal: 0.75, classifyFake: 0.25 });
  expect(finetune({ content: 5 })).toMatchObject({ classifyReal: 0.75, classifyFake: 0.25, content: 5 });
});
