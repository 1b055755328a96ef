import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { writeMadeUpRun } from './made-up-run.suite.ts';
import { readRunFolder } from './run-folder.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const change = async (edit: (metrics: { methods: Record<string, Record<string, unknown>> }) => void) => {
  const path = join(folder, 'metrics.json');
  const metrics = JSON.parse(await readFile(path, 'utf8'));
  edit(metrics);
  await writeFile(path, JSON.stringify(metrics));
};

describe('readRunFolder', () => {
  it('reads a whole run and misses nothing', async () => {
    const run = await readRunFolder(await writeMadeUpRun(folder, { panels: ['a', 'a.b'] }));
    expect(run.missing).toEqual([]);
    expect(Object.keys(run.metrics.methods)).toEqual(['seen-only', 'cagnet']);
    expect(run.config?.value).toMatchObject({ train: { iterations: 400 } });
    expect(run.panels.map(({ id, methods }) => [id, Object.keys(methods)])).toEqual([
      ['a.b', ['cagnet', 'seen-only']],
      ['a', ['cagnet', 'seen-only']],
    ]);
    expect(run.legend[0]).toMatchObject({ name: 'red disc', group: 'seen' });
  });

  it('names whatever does not exist or cannot be read', async () => {
    await writeMadeUpRun(folder, { extraLog: ['{"stage": "train", "itera', '{"losses": {}}'] });
    for (const file of ['config.yaml', 'panels/scene-2.truth.png']) await rm(join(folder, file));
    await writeFile(join(folder, 'environment.json'), '{');
    await writeFile(join(folder, 'panels/other.cagnet.png'), '');
    const { missing, log } = await readRunFolder(folder);
    expect(missing).toHaveLength(5);
    expect(missing[0]).toBe('config.yaml does not exist');
    expect(missing[1]).toMatch(/environment.json cannot be read/);
    expect(missing[2]).toMatch(/log.jsonl has 2 unreadable line\(s\): \d+, \d+/);
    expect(missing[3]).toBe('panels/other.cagnet.png belongs to no image');
    expect(missing[4]).toBe('panels/scene-2.truth.png does not exist');
    expect(log.length).toBeGreaterThan(100);
  });

  it("reads a lone metrics file of another tool's", async () => {
    const perClass = [{ id: 4, name: 'cat', group: 'seen', iou: 0.5, accuracy: null, support: 9 }];
    const path = join(folder, 'theirs.json');
    const figures = { PA: 0.6, MA: 0.5, mIoU: 0.5, seenMIoU: 0.5, unseenMIoU: null, hIoU: null };
    await writeFile(path, JSON.stringify({ ...figures, perClass }));
    const { metrics, missing } = await readRunFolder(path);
    expect(metrics.methods).toMatchObject({ theirs: { PA: 0.6, unseenMIoU: null, perClass } });
    expect(missing).toContain('log.jsonl does not exist');
  });

  it('refuses metrics of a wrong shape, and says where', async () => {
    await writeMadeUpRun(folder);
    await change(({ methods }) => {
      methods.cagnet.hIoU = 'high';
    });
    await expect(readRunFolder(folder)).rejects.toThrow(/methods\.cagnet\.hIoU: high; expected a number or null/);
    await change(({ methods }) => {
      methods.cagnet.hIoU = null;
      methods.cagnet.confusion = [[1]];
    });
    await expect(readRunFolder(folder)).rejects.toThrow(/methods\.cagnet\.confusion.*12 rows/);
    await change(({ methods }) => {
      methods.cagnet.confusion = undefined;
      methods.cagnet.pixels = { labelled: 3 };
    });
    await expect(readRunFolder(folder)).rejects.toThrow(/methods\.cagnet\.pixels.*labelled and outside/);
    await change(({ methods }) => {
      methods.cagnet.pixels = undefined;
      methods.cagnet.vanilla = { PA: 'high' };
    });
    await expect(readRunFolder(folder)).rejects.toThrow(/methods\.cagnet\.vanilla/);
    await change(({ methods }) => {
      methods.cagnet = { ...methods['seen-only'], perClass: [{ id: 1, name: 'x', group: 'both' }] };
    });
    await expect(readRunFolder(folder)).rejects.toThrow(/perClass\[0\]\.group: both; expected 'seen' or 'unseen'/);
  });

  it('refuses folders without a run', async () => {
    await expect(readRunFolder(join(folder, 'nowhere'))).rejects.toThrow(/nowhere does not exist/);
    await mkdir(join(folder, 'empty'));
    await expect(readRunFolder(join(folder, 'empty'))).rejects.toThrow(
      /a run folder with metrics.json; finish the run/,
    );
    await writeFile(join(folder, 'notes.txt'), '');
    await expect(readRunFolder(join(folder, 'notes.txt'))).rejects.toThrow(/is a file; expected a run folder/);
  });
});
