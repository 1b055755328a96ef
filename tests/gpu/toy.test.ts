import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadExperiment, runExperiment } from '@unseen/experiment';
import { cagnet } from '@unseen/zero-shot';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { onWebgpu, useSmallKernels, webgpuEngine, webgpuProblem } from './webgpu.ts';

const TOY = join(import.meta.dirname, '../../experiments/cagnet/toy-instant.yaml');

/** A few images and steps; losses of every step. */
const SHORT = [
  'data={size: [32, 32], train: {limit: 4}, val: {limit: 2}, allowMissing: true}',
  'train={iterations: 3, batch: 2, logEvery: 1, checkpointEvery: 4}',
  'finetune={iterations: 3, batch: 2, alternate: 1, logEvery: 1, checkpointEvery: 4}',
  'report.panels=0',
];

describe.skipIf(webgpuProblem !== undefined)(`the toy experiment, ${onWebgpu}`, () => {
  let dir: string;
  beforeAll(async () => {
    dir = temporaryFolder();
    (await webgpuEngine()).dispose();
    useSmallKernels();
  });

  /** Losses by stage, iteration and name, and what the run's record says of the backend. */
  async function run(backend: string) {
    const out = join(dir, backend);
    const experiment = await loadExperiment(TOY, { methods: { cagnet }, set: [...SHORT, `backend=${backend}`] });
    await runExperiment(experiment, { out });
    const read = (name: string) => readFile(join(out, name), 'utf8');
    const lines = (await read('log.jsonl')).trim().split('\n');
    const losses = lines
      .map((line) => JSON.parse(line))
      .flatMap(({ stage, iteration, losses = {}, group }) =>
        group === undefined
          ? Object.entries(losses).map(([name, value]) => [`${stage} ${iteration} ${name}`, value as number] as const)
          : [],
      );
    return {
      losses: new Map(losses),
      environment: JSON.parse(await read('environment.json')),
      metrics: JSON.parse(await read('metrics.json')),
    };
  }

  test('has the losses of onnxruntime, to 1e-3, and the same record otherwise', async () => {
    const [ours, theirs] = [await run('webgpu'), await run('onnxruntime')];
    expect(ours.losses.size).toBeGreaterThan(40);
    expect([...ours.losses.keys()]).toEqual([...theirs.losses.keys()]);
    for (const [name, loss] of theirs.losses) expect(Math.abs(ours.losses.get(name)! - loss), name).toBeLessThan(1e-3);
    expect(ours.environment).toMatchObject({
      backend: 'webgpu',
      device: expect.any(String),
      packages: { webgpu: expect.any(String), '@tensorflow/tfjs-backend-webgpu': '4.22.0' },
    });
    expect(theirs.environment.device).toBeUndefined();
    expect(Object.keys(ours.metrics)).toEqual(Object.keys(theirs.metrics));
  }, 300_000);
});
