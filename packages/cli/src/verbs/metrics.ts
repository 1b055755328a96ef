import { IGNORE, type LabelMap } from '@unseen/core';
import type { DatasetDescription } from '@unseen/data';
import type { ListedMasks, MetricClass, NamedMask, SegmentationMetrics } from '@unseen/metrics';
import { once } from '../options.ts';
import { figuresTable, pickFigures, uncovered } from '../results.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

const text = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, coerce: once(name), describe }) as const;

/** `unseen metrics`: scores mask files of any tool. */
export const metrics = defineVerb({
  positionals: {},
  options: {
    pred: { ...text('pred', 'Folder of predicted masks (PNG, class ids)'), demandOption: true },
    dataset: { ...text('dataset', 'Name of a dataset, or its YAML'), demandOption: true },
    gt: {
      ...text('gt', "Folder of true masks, with the values of the dataset's own (default: the masks of the dataset)"),
    },
    subset: {
      type: 'string',
      choices: ['train', 'val'] as const,
      describe: 'Score only the images of this subset (without --gt: val)',
    },
    classes: { ...text('classes', 'Name of the seen/unseen split'), default: 'default' },
  },
  examples: [
    ['unseen metrics --pred out/masks --dataset voc-animals', 'the validation images'],
    ['unseen metrics --pred out/masks --gt VOC2012/SegmentationClass --dataset voc-animals --subset val', ''],
  ],
  async run({ pred, gt, dataset: name, subset, classes: splitName }, { terminal }) {
    const { describeDataset, findSplit } = await import('@unseen/data');
    const { pairMasks, scoreMasks } = await import('@unseen/metrics');
    const dataset = await describeDataset(name);
    const split = findSplit(dataset.splits, splitName, name);
    const predicted = await predictions(pred, dataset);
    const truth = gt === undefined ? await masksOf(name, subset ?? 'val') : await masksIn(gt, name, dataset, subset);
    const { pairs, unused } = pairMasks(truth.masks, predicted.masks, truth.images);
    const names = new Map(dataset.classes.map((c) => [c.id, c.name]));
    const row = (group: MetricClass['group']) => (id: number) => ({ id, name: names.get(id) ?? String(id), group });
    const classes = [...split.seen.map(row('seen')), ...split.unseen.map(row('unseen'))];
    const scored = new Set(classes.map(({ id }) => id));
    const others = dataset.classes.filter(({ id }) => !scored.has(id)).map(({ id }) => id);
    const { metrics } = await scoreMasks({
      pairs,
      classes,
      ignore: [...new Set([...others, ...(names.has(IGNORE) ? [] : [IGNORE])])],
      resolution: 'original',
    });
    const images = pairs.length;
    terminal.print(
      textTable([
        ['class', 'group', 'IoU', 'accuracy', 'pixels'],
        ...metrics.perClass.map((c) => [c.name, c.group, percent(c.iou), percent(c.accuracy), String(c.support)]),
      ]),
    );
    terminal.print(`\n${figuresTable({ [`${images} images`]: pickFigures(metrics) })}\n${coverage(metrics)}`);
    for (const [folder, { passedOver }] of [
      [pred, predicted],
      [gt ?? '', truth],
    ] as const) {
      if (passedOver.length > 0) {
        terminal.note(
          `${passedOver.length} PNGs in ${folder} are no such masks and were passed over: ${some(passedOver)}`,
        );
      }
    }
    if (truth.unlabelled > 0) terminal.note(`${truth.unlabelled} images have no mask and were not scored`);
    if (unused > 0) terminal.note(`${unused} files belong to no image of the subset and were not scored`);
    return { images, unused, metrics };
  },
});

/** The masks that are compared with, and the images that are asked for. */
interface Truth extends ListedMasks<LabelMap> {
  readonly images?: readonly string[];
  /** Images without a mask. */
  readonly unlabelled: number;
}

/** Predicted masks hold class ids; their names may end like those of the images or of the masks. */
async function predictions(folder: string, { endings }: DatasetDescription): Promise<ListedMasks<LabelMap>> {
  const { readRawMask } = await import('@unseen/data');
  const { listMasks } = await import('@unseen/metrics');
  return listMasks(folder, { read: readRawMask, endings: [endings.image, endings.mask] });
}

/** True masks in a folder, with the values of the dataset's own. */
async function masksIn(
  folder: string,
  name: string,
  { endings, values }: DatasetDescription,
  subset: 'train' | 'val' | undefined,
): Promise<Truth> {
  const { openDataset, readRawMask, toLabelMap } = await import('@unseen/data');
  const { listMasks } = await import('@unseen/metrics');
  const read = async (path: string, id: string) => toLabelMap(await readRawMask(path, id), path, values);
  const listed = await listMasks(folder, { read, endings: [endings.mask] });
  const images = subset && (await openDataset(name))[subset].map(({ id }) => id);
  return { ...listed, unlabelled: 0, ...(images && { images }) };
}

/** The masks of a dataset's images. */
async function masksOf(name: string, subset: 'train' | 'val'): Promise<Truth> {
  const { openDataset } = await import('@unseen/data');
  const samples = (await openDataset(name))[subset];
  const masks = samples.flatMap((sample): NamedMask<LabelMap>[] =>
    sample.mask ? [{ name: sample.id, label: `the mask of ${sample.id}`, read: () => sample.mask!() }] : [],
  );
  return { masks, images: masks.map(({ name: id }) => id), passedOver: [], unlabelled: samples.length - masks.length };
}

function percent(value: number | null): string {
  return value === null ? '–' : (100 * value).toFixed(1);
}

/** What the score says nothing about. */
function coverage({ pixels, perClass }: SegmentationMetrics): string {
  const { labelled, outside, unscored } = pixels;
  const strange =
    outside === 0
      ? ''
      : `\n${percent(outside / labelled)} % of the scored pixels are predicted as values that no class of the split has, and count as wrong`;
  const share = `${percent(unscored / (labelled + unscored))} % of the pixels are unlabelled or of other classes, and not scored`;
  return `${share}${strange}${uncovered(perClass)}`;
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')}, …` : names.join(', ');
}
