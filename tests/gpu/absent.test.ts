import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine } from '@unseen/experiment';
import type { BackendStatus } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { webgpuProblem } from './webgpu.ts';

const ROOT = join(import.meta.dirname, '../..');
const UNSEEN = join(ROOT, 'packages/cli/bin/unseen.js');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const WEBGPU = 'webgpu,@tensorflow/tfjs-backend-webgpu';
const TENSORFLOW = '@tensorflow/tfjs-node-gpu,@tensorflow/tfjs-node';

const dir = temporaryFolder();

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program in a process of its own, in which packages are missing or are others. */
function run(script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const preload = `--require ${join(import.meta.dirname, 'packages.cjs')}`;
  const { VITEST: _, VITEST_MODE: __, ...outer } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: ROOT, env: { ...outer, ...env, NODE_OPTIONS: preload } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

async function backends(env: Readonly<Record<string, string>>) {
  const { stdout, stderr } = await run(UNSEEN, ['backends', '--json'], env);
  const found = JSON.parse(stdout) as { readonly default: string; readonly backends: BackendStatus[] };
  return { ...found, named: Object.fromEntries(found.backends.map((one) => [one.name, one])), text: stderr };
}

/** A package that does what it is told when it is loaded. */
function fake(name: string, code: string): string {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
  writeFileSync(join(folder, 'index.js'), code);
  return `${name}=${join(folder, 'index.js')}`;
}

test('without the packages, backends says so, how to get them, and what runs instead', async () => {
  const { named, default: automatic, text } = await backends({ HIDDEN_PACKAGES: `${WEBGPU},${TENSORFLOW}` });
  expect(automatic).toBe('onnxruntime');
  expect(named.webgpu).toMatchObject({
    gpu: false,
    versions: {},
    problem: 'not installed (webgpu, @tensorflow/tfjs-backend-webgpu)',
    install: 'npm run setup:gpu -- webgpu',
  });
  expect(named.tensorflow.problem).toBe('not installed (@tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node)');
  expect(text).toContain('to get it: npm run setup:gpu -- tensorflow');
  expect(text).toContain('UNTESTED');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
});

test('a backend that is missing is one sentence and what to do', async () => {
  const args = ['bench', '--quick', '--only', 'gmmn-step', '--backend', 'webgpu'];
  const { code, stderr } = await run(UNSEEN, args, { HIDDEN_PACKAGES: WEBGPU });
  expect(code).toBe(1);
  expect(stderr).toContain("unseen: backend 'webgpu' cannot be used here: not installed");
  expect(stderr).toContain("install it with 'npm run setup:gpu -- webgpu', or use the backend 'auto'");
  expect(stderr).not.toContain('    at ');
});

test('the tests of the GPU skip with the reason', async () => {
  const args = ['run', 'tests/gpu/training.test.ts', '--reporter=json'];
  const { code, stdout } = await run(VITEST, args, { HIDDEN_PACKAGES: WEBGPU });
  expect(code).toBe(0);
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{')));
  const results = testResults[0].assertionResults as { readonly status: string; readonly fullName: string }[];
  expect(results.length).toBeGreaterThan(2);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['skipped']));
  expect(results[0].fullName).toContain('not installed (webgpu, @tensorflow/tfjs-backend-webgpu)');
});

test('a package of tensorflow that does not load is named with its reason, and the next one is tried', async () => {
  const broken = fake('@tensorflow/tfjs-node-gpu', "throw new Error('libtensorflow.so.2: cannot open\\nmore');");
  const shim = "const { isArray, isNullOrUndefined } = require('util');";
  const second = fake(
    '@tensorflow/tfjs-node',
    `${shim} throw new Error([isNullOrUndefined(null), isNullOrUndefined(0), isArray([])].join());`,
  );
  const { named, default: automatic } = await backends({ FAKED_PACKAGES: `${broken},${second}` });
  expect(named.tensorflow.problem).toBe(
    '@tensorflow/tfjs-node-gpu 4.22.0 does not load (libtensorflow.so.2: cannot open); ' +
      '@tensorflow/tfjs-node 4.22.0 does not load (true,false,true)',
  );
  const install = 'npm run setup:gpu -- tensorflow';
  expect(named.tensorflow).toMatchObject({ gpu: false, install, untested: expect.stringContaining('UNTESTED') });
  expect(automatic).not.toBe('tensorflow');
});

test('a package that ends the process, or that is there by half, takes nothing else down', async () => {
  const crashing = fake('@tensorflow/tfjs-node-gpu', "process.kill(process.pid, 'SIGKILL'); while (true);");
  const leaving = fake('@tensorflow/tfjs-node', 'process.exit(0);');
  const half = fake('webgpu', '');
  writeFileSync(join(dir, 'webgpu/package.json'), '{');
  const { named, default: automatic } = await backends({ FAKED_PACKAGES: `${crashing},${leaving},${half}` });
  expect(named.tensorflow.problem).toBe(
    '@tensorflow/tfjs-node-gpu 4.22.0 does not load (it ends the process by SIGKILL); ' +
      '@tensorflow/tfjs-node 4.22.0 does not load (it ends the process with exit code 0)',
  );
  expect(named.webgpu.problem).toMatch(/^not installed \(webgpu/);
  expect(automatic).toBe('onnxruntime');
});

test.skipIf(webgpuProblem !== undefined || process.env.UNSEEN_SOFTWARE_GPU !== '1')(
  'software that imitates a GPU is used when it is asked for, and never by auto',
  async () => {
    const { named } = await backends({ UNSEEN_SOFTWARE_GPU: '' });
    expect(named.webgpu.device).toMatch(/software\)$/);
    expect(named.webgpu.problem).toMatch(/^there is only a software adapter.*set UNSEEN_SOFTWARE_GPU=1 to allow it/);
    const { engine, choice } = await chooseEngine('auto', (sentence) => expect.unreachable(sentence));
    expect(choice.name).toBe('onnxruntime');
    expect(choice.passedOver?.webgpu).toMatch(/no GPU$/);
    engine.dispose();
  },
);

test.skipIf(webgpuProblem !== undefined)('a GPU that was found is usable only if it can be started', async () => {
  const broken = fake('@tensorflow/tfjs-backend-webgpu', "require('./half');");
  const { named, default: automatic } = await backends({ FAKED_PACKAGES: broken });
  expect(named.webgpu.device).toEqual(expect.any(String));
  expect(named.webgpu.problem).toMatch(/^@tensorflow\/tfjs-backend-webgpu 4.22.0 does not load \(.*half/);
  expect(named.webgpu.install).toBe('npm run setup:gpu -- webgpu');
  expect(automatic).not.toBe('webgpu');
});
