import { expect, it } from 'vitest';
import { availableBackends, createEagerEngine } from './backends.ts';
import { conformanceSuite } from './conformance.suite.ts';

conformanceSuite('the eager engine on cpu', () => createEagerEngine('cpu'));

it('lists what the machine offers, the preferred first', async () => {
  const backends = await availableBackends();
  expect(backends.map(({ name, engine }) => `${engine} ${name}`)).toEqual([
    'compiled onnxruntime',
    'eager onnxruntime',
    'eager cpu',
  ]);
  expect(backends.find(({ name }) => name === 'cpu')?.problem).toBeUndefined();
});

it('names the backends when one is unknown', async () => {
  await expect(createEagerEngine('cpus')).rejects.toThrow(/unknown TensorFlow.js backend 'cpus'.*did you mean 'cpu'/);
});
