import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { type FeatureProvenance, writeFeatureStore } from '@unseen/data';
import { expect, test } from 'vitest';
import { unseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const provenance: FeatureProvenance = {
  backbone: 'made up',
  weights: 'abc',
  config: 'def',
  dataset: 'toy-attributes',
  subset: 'val',
  views: ['scale 1'],
  normalization: { channelOrder: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] },
};

async function store(dir: string, dataset = provenance.dataset): Promise<void> {
  const random = new SeedTree(2).stream();
  await writeFeatureStore(
    join(dir, 'val.arrow'),
    { provenance: { ...provenance, dataset }, channels: 3 },
    async (w) => {
      for (const id of ['a', 'b']) {
        const features = random.fillNormal(new Float32Array(40 * 3)).map((value, i) => (i % 3 === 2 ? 0 : value));
        const labels = Uint8Array.from({ length: 40 }, (_, i) => [0, 1, 1, 255][i % 4]);
        await w.append({ id, view: 'scale 1', height: 4, width: 10, features, labels });
      }
    },
  );
}

test('a store is told of and drawn', async () => {
  const dir = temporaryFolder();
  await store(dir);
  const args = ['--split', 'default', '--json', '--out', 'first', '--positions', '20'];
  const { code, lastLine } = await unseen(['features', 'inspect', 'val.arrow', ...args], dir);
  expect(code).toBe(0);
  const result = JSON.parse(lastLine);
  expect(result).toMatchObject({ views: 2, images: 2, channels: 3, compression: 'none', provenance });
  expect(result.summary).toMatchObject({ positions: 80, notFinite: 0, zeros: 1 / 3 });
  expect(result.summary.labels.map(({ label, positions }: Record<string, number>) => [label, positions])).toEqual([
    [0, 20],
    [1, 40],
    [255, 20],
  ]);
  expect(result.classes.at(-1)).toEqual({ id: 255, name: 'unlabelled' });
  expect(result.classes[1]).toMatchObject({ id: 1, group: expect.stringMatching(/^(un)?seen$/) });
  expect(result.warnings).toEqual(['1 of 3 channels are the same everywhere: nothing can be learnt from them']);
  expect((await readdir(join(dir, 'first'))).sort()).toEqual(['index.html', 'inspection.json', 'projection.svg']);
  const { projection } = JSON.parse(await readFile(join(dir, 'first/inspection.json'), 'utf8'));
  expect(Object.values<unknown[]>(projection.points).map(({ length }) => length)).toEqual([10, 10]);
}, 60_000);

test('a dataset that is not here leaves numbers for names', async () => {
  const dir = temporaryFolder();
  await store(dir, '/nowhere/mine.yaml');
  const { code, stdout } = await unseen(['features', 'inspect', 'val.arrow'], dir);
  expect(code).toBe(0);
  expect(stdout).toContain('class 1 ');
  expect(stdout).toContain("there is no dataset '/nowhere/mine.yaml' here");
}, 60_000);
