import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { embedPanels } from './embed-panels.ts';
import { MADE_UP_CLASSES, writeMadeUpRun } from './made-up-run.suite.ts';
import { readRunFolder } from './run-folder.ts';
import type { RunReport } from './run-report.ts';
import { transferRemarks, unseenOf } from './unseen-figures.ts';
import { type WrittenReport, writeReport } from './write-report.ts';

let folder: string;
let written: WrittenReport<RunReport>;
let page: string;
let markdown: string;

const EVIL = '<img src=x onerror=alert(1)>"\'&';

/** Markup, what a terminal obeys, and names that objects have by nature. */
const NAMES = new Map([
  [2, EVIL],
  [3, '__proto__'],
  [4, 'constructor'],
  [5, 'bell\u0007'],
  [40, 'toString'],
  [41, 'hasOwnProperty'],
]);

beforeAll(async () => {
  folder = temporaryFolder();
  await writeMadeUpRun(folder, {
    classes: MADE_UP_CLASSES.map((c) => ({ ...c, name: NAMES.get(c.id) ?? c.name })),
    protocol: { dataset: `coco200 ${EVIL}`, backbone: 'MobileNetV1-0.25', leakage: 'layout: groundTruth' },
    settings: `name: "${EVIL.replaceAll('"', '\\"')}"\nseed: 0\n`,
    extraLog: [
      { stage: 'train', iteration: 398, warning: 'collapse' },
      { stage: 'train', iteration: 399, warning: 'collapse', losses: { content: null } },
    ],
  });
  written = await writeReport(folder);
  page = await readFile(written.html, 'utf8');
  markdown = await readFile(written.markdown, 'utf8');
});

describe('writeReport', () => {
  it('writes page, Markdown, figures and JSON beside the run and leaves no temporary file', async () => {
    const files = await readdir(join(folder, 'report'), { recursive: true });
    expect(files.filter((file) => !file.startsWith('figures')).sort()).toEqual([
      'index.html',
      'report.json',
      'report.md',
    ]);
    expect(files.some((file) => file.endsWith('.tmp'))).toBe(false);
    for (const [, target] of markdown.matchAll(/!\[[^\n]*?\]\(([^)]+)\)/g)) {
      await expect(readFile(join(folder, 'report', decodeURIComponent(target)))).resolves.toBeDefined();
    }
  });

  it('is one page that fetches nothing', () => {
    const targets = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target);
    expect(targets.length).toBe(12);
    expect(targets.every((target) => target.startsWith('data:image/png;base64,'))).toBe(true);
    expect(page).not.toMatch(/<script|<link|@import|url\(h/i);
  });

  it('embeds the pictures byte by byte, each with words for those who do not see it', async () => {
    const bytes = await readFile(join(folder, 'panels/scene-2.cagnet.png'));
    expect(page).toContain(
      `data:image/png;base64,${bytes.toString('base64')}" width="64" height="64" alt="CaGNet of image scene-2`,
    );
    const [images, charts] = [page.match(/<img /g)?.length, page.match(/<svg /g)?.length];
    expect(page.match(/<img [^>]*alt="[^"]+"/g)).toHaveLength(images ?? 0);
    expect(page.match(/<svg role="img" aria-label="[^"]+"/g)).toHaveLength(charts ?? 0);
    expect(charts).toBe(9);
  });

  it('escapes names wherever they come from', async () => {
    expect(page).not.toContain('<img src=x');
    expect(markdown).not.toMatch(/(^|[^\\])<img src=x/);
    for (const file of await readdir(join(folder, 'report/figures'))) {
      expect(await readFile(join(folder, 'report/figures', file), 'utf8')).not.toContain('<img');
    }
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  });

  it('shows classes whose names are those of object properties, and control characters as escapes', async () => {
    const read = (name: string) => readFile(join(folder, `report/figures/${name}.svg`), 'utf8');
    const shown = {
      'iou-seen': ['__proto__', 'constructor', 'bell\\x07'],
      'iou-unseen': ['toString', 'hasOwnProperty'],
    };
    for (const [figure, names] of Object.entries(shown)) {
      for (const name of names) {
        expect(await read(figure)).toContain(`>${name}</text>`);
        expect(await read('confusion-0')).toContain(`>${name}${figure === 'iou-seen' ? '' : ' *'}</text>`);
        expect(page).toContain(name);
      }
    }
    expect(markdown).toContain('bell\\\\x07');
    for (const text of [page, markdown, await read('iou-seen'), await read('confusion-0')])
      expect(text).not.toContain('\u0007');
  });

  it('keeps the ids of its charts apart', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  it('says in red what spoils the numbers', () => {
    const { warnings } = written.content;
    expect(warnings[0]).toBe('The leakage guard was disabled: layout: groundTruth');
    expect(warnings).toContain('collapse (train, iteration 398, 2 times)');
    expect(warnings).toContain('1 of 9 seen classes have no labelled pixel here: absent thing.');
    expect(warnings).toContain('A loss was not finite in 1 log line(s), first at iteration 399.');
    const [alarm, note] = page
      .split('<div class="alarm"')
      .slice(1)
      .map((part) => part.split('</div>')[0]);
    for (const text of warnings.slice(0, 1)) expect(alarm).toContain(text);
    expect(note).toContain('NOT comparable');
  });

  it('shows the same figures in all three forms', async () => {
    const { methods } = JSON.parse(await readFile(written.json, 'utf8')) as RunReport;
    const source = JSON.parse(await readFile(join(folder, 'metrics.json'), 'utf8'));
    for (const { name, hIoU, perClass } of methods) {
      expect(hIoU).toBe(source.methods[name].hIoU);
      const shown = (hIoU as number).toFixed(3);
      expect(page).toContain(`>${shown}</td>`);
      expect(markdown).toContain(`| ${shown} |`);
      expect(perClass).toEqual(source.methods[name].perClass);
    }
    expect(markdown).toContain('CaGNet(pi) (paper)');
  });

  it('shows what is known of unseen pixels, where something is', async () => {
    const { methods } = written.content;
    const cagnet = methods[1];
    const { unseenMIoU, control, unseen, predictedUnseen } = cagnet;
    const proof = [unseenMIoU, control!.unseenMIoU, control!.chance, 0.28125, 0.6875];
    const cells = [...proof, unseen!.PA, predictedUnseen, 0.625, 0.4375].map((value) => value!.toFixed(3));
    expect(markdown).toContain(`| CaGNet | ${cells.join(' | ')} |`);
    expect(page).toContain(cells.map((cell) => `<td>${cell}</td>`).join(''));
    const nothing = { unseenMIoU: null, control: null, curve: null, unseen: undefined, predictedUnseen: undefined };
    expect(unseenOf([{ ...methods[0], ...nothing, vanilla: null } as never])).toBeUndefined();
  });

  it('says whether unseen mIoU exceeds its control and chance, and which classes are never right', () => {
    const { methods } = written.content;
    const cagnet = { ...methods[1], unseenMIoU: 0.059 };
    const remarks = (control: object | null, perClass = cagnet.perClass) =>
      transferRemarks([{ ...cagnet, perClass, control } as never]);
    expect(remarks({ unseenMIoU: 0.03, chance: 0.02 })).toEqual({ warnings: [], notes: [] });
    expect(remarks({ unseenMIoU: 0.087, chance: 0.06 }).warnings).toEqual([
      'CaGNet shows no transfer: its unseen mIoU is 0.059, against 0.087 with rotated vectors and 0.060 by chance.',
    ]);
    expect(remarks(null).notes.join()).toContain('No control stands beside the unseen mIoU of CaGNet');
    const wrong = cagnet.perClass.map((row) => (row.name === 'toString' ? { ...row, iou: 0 } : row));
    expect(remarks({ unseenMIoU: 0, chance: 0 }, wrong).notes).toEqual([
      'CaGNet never gets these unseen classes right: toString.',
    ]);
    expect(transferRemarks([{ ...cagnet, unseenMIoU: 0, control: null }])).toEqual({ warnings: [], notes: [] });
    // The baseline predicts no unseen class, so it claims nothing.
    expect(page).not.toContain('seen only shows no transfer');
  });

  it('draws the seen-unseen curve of each method, and a dot where the method is as it is', async () => {
    const svg = await readFile(join(folder, 'report/figures/seen-unseen.svg'), 'utf8');
    expect(svg.match(/mark-line role-mark/g)).toHaveLength(2);
    const dots = svg.split('mark-symbol role-mark').at(-1)!.split('</g>')[0];
    expect(dots.match(/<path /g)).toHaveLength(2);
  });

  it('draws one bar per class and method that has a value, as long as the value', async () => {
    const svg = await readFile(join(folder, 'report/figures/iou-seen.svg'), 'utf8');
    const marks = svg.split('mark-rect role-mark')[1].split('</g>')[0];
    const lengths = [...marks.matchAll(/ d="M[\d.]+,[\d.]+h([\d.]+)v/g)].map(([, length]) => Number(length));
    const values = written.content.methods.flatMap(({ perClass }) =>
      perClass.filter(({ group, iou }) => group === 'seen' && iou !== null).map(({ iou }) => iou as number),
    );
    expect(lengths).toHaveLength(values.length);
    const scale = Math.max(...lengths) / Math.max(...values);
    lengths.sort((a, b) => a - b);
    values.sort((a, b) => a - b);
    for (const [i, value] of values.entries()) expect(lengths[i]).toBeCloseTo(value * scale, 6);
  });

  it('leaves the panel of a damaged picture out and says so', async () => {
    const path = join(folder, 'panels/scene-1.cagnet.png');
    const bytes = await readFile(path);
    await writeFile(path, 'text');
    try {
      const { panels, damaged } = await embedPanels((await readRunFolder(folder)).panels);
      expect(damaged).toEqual([expect.stringMatching(/^the pictures of scene-1 are left out .*scene-1.cagnet.png/)]);
      expect(panels.map(({ id }) => id)).toEqual(
        written.content.panels.map(({ id }) => id).filter((id) => id !== 'scene-1'),
      );
    } finally {
      await writeFile(path, bytes);
    }
  });
});
