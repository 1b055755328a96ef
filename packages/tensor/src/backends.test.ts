import { expect, it } from 'vitest';
import { availableBackends, backendStatus, createEagerEngine } from './backends.ts';
import { conformanceSuite } from './conformance.suite.ts';

conformanceSuite('the eager engine on cpu', () => createEagerEngine('cpu'));

it('lists what the machine offers, the preferred first', async () => {
  const backends = await availableBackends();
  expect(backends.map(({ name, engine }) => `${engine} ${name}`)).toEqual([
    'eager tensorflow',
    'eager webgpu',
    'compiled onnxruntime',
    'eager onnxruntime',
    'eager cpu',
  ]);
  const cpu = backends.find(({ name }) => name === 'cpu');
  expect(cpu?.problem).toBeUndefined();
  expect(cpu?.versions).toEqual({ '@tensorflow/tfjs-backend-cpu': '4.22.0' });
});

it('says of each backend what it is, or why it cannot be used and how to get it', async () => {
  for (const { name, description, problem, gpu, device, install } of await availableBackends()) {
    expect(description, name).not.toBe('');
    // A GPU that is found is named; only optional packages can be missing.
    if (gpu) expect(device, name).toEqual(expect.any(String));
    if (problem?.startsWith('not installed')) expect(install, name).toBe(`npm run setup:gpu -- ${name}`);
    if (problem === undefined) expect(install, name).toBeUndefined();
  }
});

it('needs no device to read from on the host', async () => {
  const engine = await createEagerEngine('cpu');
  expect(engine.device).toBeUndefined();
  engine.dispose();
});

it('names the backends when one is unknown', async () => {
  await expect(createEagerEngine('cpus')).rejects.toThrow(/unknown TensorFlow.js backend 'cpus'.*did you mean 'cpu'/);
  await expect(backendStatus('webgl')).rejects.toThrow(/expected one of: tensorflow, webgpu, onnxruntime, cpu/);
});
