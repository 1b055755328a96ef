import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { compareRuns } from './compare.ts';
import { writeMadeUpRun } from './made-up-run.suite.ts';
import { writeComparison } from './write-report.ts';

let folder: string;
let seeds: string[];
beforeAll(async () => {
  folder = temporaryFolder();
  seeds = [0, 1, 2].map((seed) => join(folder, `toy-seed${seed}`));
  for (const [seed, path] of seeds.entries()) await writeMadeUpRun(path, { seed, panels: [] });
});

const hIoUs = (method: string) =>
  Promise.all(
    seeds.map(async (path) => JSON.parse(await readFile(join(path, 'metrics.json'), 'utf8')).methods[method].hIoU),
  ) as Promise<number[]>;

describe('compareRuns', () => {
  it('joins the seeds of one experiment: mean, sample deviation, paired differences', async () => {
    const { methods, runs, differences, warnings } = await compareRuns(seeds);
    expect(runs.map(({ experiment, seed }) => [experiment, seed])).toEqual([
      ['toy', 0],
      ['toy', 1],
      ['toy', 2],
    ]);
    expect(methods.map(({ label }) => label)).toEqual(['seen only', 'CaGNet']);
    const values = await hIoUs('cagnet');
    const mean = (values[0] + values[1] + values[2]) / 3;
    const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2);
    expect(methods[1].figures.hIoU.mean).toBeCloseTo(mean, 12);
    expect(methods[1].figures.hIoU.sd).toBeCloseTo(sd, 12);
    expect(methods[1].unseen.map(({ values }) => values.length)).toEqual(new Array(9).fill(3));
    expect(methods[1].unseen[8]).toMatchObject({ mean: 0.4375, sd: 0 });
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({ label: 'CaGNet', baseline: 'seen only', paired: true });
    const [disc, base] = methods.map(({ perClass }) => perClass[0].iou).reverse();
    const { difference } = differences[0].classes[0];
    expect(difference.values[2]).toBeCloseTo((disc.values[2] as number) - (base.values[2] as number), 12);
    expect(warnings).toEqual([]);
  });

  it('keeps experiments of other settings apart and pairs nothing across unequal seeds', async () => {
    const other = join(folder, 'other');
    await writeMadeUpRun(other, { seed: 5, panels: [], settings: 'name: toy\nseed: 5\ntrain: { rate: 1 }\n' });
    const { methods, differences, warnings, notes } = await compareRuns([...seeds, other]);
    expect(methods.map(({ label }) => label)).toEqual([
      'seen only · toy',
      'CaGNet · toy',
      'seen only · other',
      'CaGNet · other',
    ]);
    expect(differences.map(({ paired }) => paired)).toEqual([true, false, false]);
    expect(differences[2].classes[0].difference.sd).toBeNull();
    expect(warnings).toEqual([]);
    expect(notes).toEqual(['2 of 4 rows have fewer than 3 runs, so their spread means little.']);
  });

  it('warns of runs that were scored on other pixels, of a run given twice and of the paper', async () => {
    const odd = join(folder, 'odd');
    const protocol = { dataset: 'voc-animals', backbone: 'MobileNetV1-0.25' };
    await writeMadeUpRun(odd, { seed: 0, panels: [], protocol });
    const path = join(odd, 'metrics.json');
    const metrics = JSON.parse(await readFile(path, 'utf8'));
    metrics.methods['seen-only'].perClass[0].support += 1;
    await writeFile(path, JSON.stringify(metrics));
    const { warnings, methods } = await compareRuns([odd, seeds[0]]);
    expect(warnings[0]).toMatch(/not scored on the same pixels/);
    expect(warnings).toContain('odd and toy-seed0 have the same settings and seed, and count as one run.');
    expect(warnings.at(-1)).toMatch(/CaGNet and the paper's CaGNet\(pi\) are NOT comparable: data: voc-animals/);
    expect(methods[1].published?.result.hIoU).toBe(0.3972);
  });

  it('refuses to compare nothing', async () => {
    await expect(compareRuns([])).rejects.toThrow(/no runs to compare/);
  });

  it('leaves runs that cannot be read out where that is wanted, and says so', async () => {
    const damaged = join(folder, 'damaged');
    await writeMadeUpRun(damaged, { seed: 7, panels: [] });
    await writeFile(join(damaged, 'metrics.json'), '{"methods"');
    const absent = join(folder, 'absent');
    const failures: string[] = [];
    const onUnreadable = (path: string, { message }: Error) => failures.push(`${path}: ${message}`);
    const { runs, methods, warnings } = await compareRuns([damaged, ...seeds, absent], { onUnreadable });
    expect(runs.map(({ run }) => run)).toEqual(['toy-seed0', 'toy-seed1', 'toy-seed2']);
    expect(methods[1].figures.hIoU.n).toBe(3);
    expect(failures).toEqual([
      expect.stringMatching(/damaged: .*not valid JSON/),
      expect.stringMatching(/absent: .*not exist/),
    ]);
    expect(warnings.slice(0, 2)).toEqual([
      expect.stringMatching(/damaged is left out, because it could not be read/),
      expect.stringMatching(/absent is left out, because it could not be read/),
    ]);
    await expect(compareRuns([damaged, ...seeds])).rejects.toThrow('not valid JSON');
    await expect(compareRuns([damaged, absent], { onUnreadable })).rejects.toThrow(
      /none of the 2 runs could be read:\n.*not valid JSON.*\n.*does not exist/,
    );
    await expect(compareRuns([absent], { onUnreadable })).rejects.toThrow(/^[^\n]*absent does not exist/);
    expect(failures).toHaveLength(2);
  });

  it('is written as page, Markdown and JSON', async () => {
    const { html, markdown, json } = await writeComparison(seeds, { out: join(folder, 'comparison') });
    const values = await hIoUs('cagnet');
    const shown = `${((values[0] + values[1] + values[2]) / 3).toFixed(3)} ± `;
    expect(await readFile(html, 'utf8')).toContain(`<td>${shown}`);
    expect(await readFile(markdown, 'utf8')).toContain(`| ${shown}`);
    expect(JSON.parse(await readFile(json, 'utf8')).methods[1].figures.hIoU.n).toBe(3);
  });

  it('links settings, log and weights of every run, as seen from the page', async () => {
    const weights = join(seeds[1], 'checkpoints', 'fine tune.safetensors');
    await mkdir(join(seeds[1], 'checkpoints'));
    await writeFile(weights, '');
    const out = join(folder, 'linked');
    const { html, markdown } = await writeComparison(seeds, { out });
    const links = [...(await readFile(html, 'utf8')).matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href);
    const targets = seeds.flatMap((path) => ['config.yaml', 'environment.json', 'log.jsonl'].map((f) => join(path, f)));
    expect(links.map((href) => join(out, decodeURIComponent(href))).sort()).toEqual([...targets, weights].sort());
    expect(await readFile(markdown, 'utf8')).toContain(
      '[fine tune.safetensors](../toy-seed1/checkpoints/fine%20tune.safetensors)',
    );
    await rm(join(seeds[1], 'checkpoints'), { recursive: true });
  });

  it('tells profiles apart by name', async () => {
    const runs = await Promise.all(
      ['default', 'official'].map(async (profile) => {
        const path = join(folder, profile);
        await writeMadeUpRun(path, { seed: 0, panels: [], settings: `name: toy\nseed: 0\nprofile: ${profile}\n` });
        return path;
      }),
    );
    const { methods, runs: compared } = await compareRuns(runs);
    expect(compared.map(({ profile }) => profile)).toEqual(['default', 'official']);
    expect(methods.map(({ label }) => label)).toEqual([
      'seen only · toy · default',
      'CaGNet · toy · default',
      'seen only · official · official',
      'CaGNet · official · official',
    ]);
  });
});
