import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadExperiment } from '@unseen/experiment';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cagnet } from './cagnet.ts';
import { cagnetPatch } from './patches/cagnet-patch.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments/cagnet');
const methods = { cagnet, 'cagnet-patch': cagnetPatch };

beforeAll(() => {
  vi.stubEnv('UNSEEN_DATA', '/data');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const files = readdirSync(EXPERIMENTS, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.yaml') && !basename(file).startsWith('base-'),
);

test.each(files)('%s is a whole experiment', async (file) => {
  const { config, method } = await loadExperiment(join(EXPERIMENTS, file), { methods });
  const stages = method.pipeline(config).map(({ name }) => name);
  expect(stages).toContain('train');
  expect(stages.at(-1)).toBe('evaluate');
});

test.each([
  ['voc12', 15, 5, 5],
  ['context', 29, 4, 9],
  ['cocostuff', 167, 15, 25],
])('%s: the second fine-tuning has the probability of the released rate', async (file, seen, unseen, rate) => {
  const { config } = await loadExperiment(join(EXPERIMENTS, `${file}.yaml`), { methods });
  const { finetune2 } = config as typeof config & { finetune2: { unseenProbability: number } };
  const weight = unseen * (1 + rate);
  expect(finetune2.unseenProbability).toBeCloseTo(weight / (seen + weight), 3);
});
