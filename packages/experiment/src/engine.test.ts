import { backendStatus } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { choiceText, chooseEngine } from './engine.ts';
import { describeEnvironment, environmentChanges } from './environment.ts';

const neverWarned = (sentence: string) => expect.unreachable(sentence);

test('auto takes a GPU where there is one, else onnxruntime, and says why it took nothing better', async () => {
  const statuses = await Promise.all(['tensorflow', 'webgpu'].map(backendStatus));
  const gpu = statuses.find((status) => status.gpu && status.problem === undefined);
  const { engine, choice } = await chooseEngine('auto', neverWarned);
  expect(choice.name).toBe(gpu?.name ?? 'onnxruntime');
  expect(engine.name).toBe(choice.name);
  const passed = gpu?.name === 'tensorflow' ? [] : gpu ? ['tensorflow'] : ['tensorflow', 'webgpu'];
  expect(Object.keys(choice.passedOver ?? {})).toEqual(passed);
  for (const name of passed) expect(choiceText(choice)).toContain(`; no ${name}: `);
  engine.dispose();
});

test('a backend that is asked for by name is taken or refused', async () => {
  const { engine, choice } = await chooseEngine('cpu', neverWarned);
  expect(choice).toEqual({ name: 'cpu', versions: { '@tensorflow/tfjs-backend-cpu': '4.22.0' } });
  expect(choiceText(choice)).toBe('backend cpu (@tensorflow/tfjs-backend-cpu 4.22.0)');
  engine.dispose();
  if ((await backendStatus('tensorflow')).problem === undefined) return;
  await expect(chooseEngine('tensorflow', neverWarned)).rejects.toThrow(
    /backend 'tensorflow' cannot be used here: .*setup:gpu -- tensorflow/,
  );
});

test('the record of a run says what computed, and what else was possible', async () => {
  const choice = {
    name: 'webgpu',
    device: 'A GPU (maker, vulkan)',
    versions: { webgpu: '0.6.2' },
    passedOver: { tensorflow: 'not installed' },
  };
  const environment = await describeEnvironment(choice, 3);
  expect(environment).toMatchObject({
    backend: 'webgpu',
    device: choice.device,
    passedOver: choice.passedOver,
    packages: { webgpu: '0.6.2', '@tensorflow/tfjs-core': '4.22.0' },
  });
  const later = await describeEnvironment({ ...choice, device: 'Another GPU' }, 3);
  expect(environmentChanges(environment, later)).toEqual(['device A GPU (maker, vulkan) → Another GPU']);
  const cores = { ...environment, cores: environment.cores + 4, threads: 64 };
  expect(environmentChanges(environment, cores)).toEqual([`cores ${environment.cores} → ${cores.cores}`]);
  expect(environmentChanges(environment, { ...environment, threads: 64 })).toEqual([
    `threads ${environment.threads} → 64`,
  ]);
  const { threads: _, ...earlier } = environment;
  expect(environmentChanges(earlier, environment)).toEqual([]);
  const chosen = await chooseEngine('onnxruntime', neverWarned, { threads: 3 });
  chosen.engine.dispose();
  expect((await describeEnvironment(chosen.choice, 3)).threads).toBe(3);
  const host = await describeEnvironment({ name: 'onnxruntime', versions: {} }, 3);
  expect(host.packages).not.toHaveProperty('webgpu');
});
