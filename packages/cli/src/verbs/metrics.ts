import { readFile } from 'node:fs/promises';
import { type ClassInfo, explainFileError, IGNORE, type ZeroShotSplit } from '@unseen/core';
import type { MetricClass } from '@unseen/metrics';
import { once } from '../options.ts';
import { figuresTable } from '../results.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

const text = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, coerce: once(name), describe }) as const;

/** `unseen metrics`: scores mask files of any tool. */
export const metrics = defineVerb({
  positionals: {},
  options: {
    pred: { ...text('pred', 'Folder of predicted masks (PNG, class ids)'), demandOption: true },
    gt: { ...text('gt', 'Folder of ground-truth masks with the same names'), demandOption: true },
    dataset: { ...text('dataset', 'Name of a dataset, or its YAML'), demandOption: true },
    subset: { type: 'string', choices: ['train', 'val'] as const, describe: 'Score only the images of this subset' },
    classes: { ...text('classes', 'Name of the seen/unseen split'), default: 'default' },
  },
  examples: [['unseen metrics --pred out/masks --gt VOC2012/SegmentationClass --dataset voc-animals --subset val', '']],
  async run({ pred, gt, dataset: name, subset, classes: split }, { terminal }) {
    const { decodeIndexedPng } = await import('@unseen/formats');
    const { listMasks, scoreFolders } = await import('@unseen/metrics');
    const dataset = await protocolOf(name, split, subset);
    const { seen, unseen } = dataset.split;
    const names = new Map(dataset.classes.map((c) => [c.id, c.name]));
    const row = (group: MetricClass['group']) => (id: number) => ({ id, name: names.get(id) ?? String(id), group });
    const classes = [...seen.map(row('seen')), ...unseen.map(row('unseen'))];
    const scored = new Set(classes.map(({ id }) => id));
    const others = dataset.classes.filter(({ id }) => !scored.has(id)).map(({ id }) => id);
    const { metrics, images, unused } = await scoreFolders({
      predictions: await listMasks(pred),
      groundTruth: await listMasks(gt),
      decode: async (path) => decodeIndexedPng(await readBytes(path), path),
      classes,
      ignore: [...new Set([...dataset.ignore, ...others, ...(scored.has(IGNORE) ? [] : [IGNORE])])],
      resolution: 'original',
      ...(dataset.ids ? { stems: dataset.ids } : {}),
    });
    const percent = (value: number | null) => (value === null ? '–' : (100 * value).toFixed(1));
    terminal.print(
      textTable([
        ['class', 'group', 'IoU', 'accuracy', 'pixels'],
        ...metrics.perClass.map((c) => [c.name, c.group, percent(c.iou), percent(c.accuracy), String(c.support)]),
      ]),
    );
    terminal.print(`\n${figuresTable({ [`${images} images`]: metrics })}`);
    if (unused > 0) terminal.note(`${unused} files belong to no image of the subset and were not scored`);
    return { images, unused, metrics };
  },
});

interface Protocol {
  readonly classes: readonly ClassInfo[];
  readonly ignore: readonly number[];
  readonly split: ZeroShotSplit;
  /** Images of the subset that was asked for. */
  readonly ids?: readonly string[];
}

/** What scoring needs of a dataset; its images are looked for only when a subset is asked for. */
async function protocolOf(name: string, splitName: string, subset: 'train' | 'val' | undefined): Promise<Protocol> {
  const { describeDataset, findSplit, openDataset } = await import('@unseen/data');
  const { classes, ignore, splits } = await describeDataset(name);
  const ids = subset && (await openDataset(name))[subset].map(({ id }) => id);
  return { classes, ignore, split: findSplit(splits, splitName, name), ...(ids ? { ids } : {}) };
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error) => {
    throw explainFileError(error, path);
  });
}
