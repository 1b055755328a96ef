import { join } from 'node:path';
import type { FeatureSummary } from '@unseen/analysis';
import { UserError, writeJsonAtomic, type ZeroShotSplit } from '@unseen/core';
import type { FeatureStore, FeatureView } from '@unseen/data';
import type { Progress } from '@unseen/experiment';
import type { NamedLabel } from '@unseen/report';
import { outOption, positiveWholeNumber, textOption, wholeNumber } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';
import { bytesText } from './features-extract.ts';

/** `unseen features inspect`: where the features of a store come from, what they are like, and a picture of them. */
export const featuresInspect = defineVerb({
  positionals: { store: { type: 'string', demandOption: true, describe: 'File of features (.arrow)' } },
  options: {
    dataset: textOption('dataset', 'Name or YAML of a dataset, for the names of classes (default: that of the store)'),
    split: textOption('split', 'Its split, to tell seen from unseen classes (default: none)'),
    positions: {
      type: 'string',
      requiresArg: true,
      default: '2000',
      coerce: positiveWholeNumber('positions') as (text: unknown) => number,
      describe: 'Features in the picture, of all classes together',
    },
    seed: {
      type: 'string',
      requiresArg: true,
      default: '0',
      coerce: wholeNumber('seed') as (text: unknown) => number,
      describe: 'Of their choice',
    },
    out: outOption('Folder for index.html, projection.svg and inspection.json'),
  },
  examples: [
    ['unseen features inspect features/train.arrow', 'provenance, size, classes'],
    [
      'unseen features inspect runs/toy/features/val.arrow --split default --out inspection',
      'with a picture of both groups',
    ],
  ],
  async run({ store: path, dataset, split, positions, seed, out }, { terminal }) {
    const [{ FeatureStore }, { summarizeFeatures }] = await Promise.all([
      import('@unseen/data'),
      import('@unseen/analysis'),
    ]);
    const store = await FeatureStore.open(path);
    try {
      const { labels, unlabelled, note } = await namedLabels(store, dataset, split);
      const classes = labels.filter(({ id }) => id !== unlabelled);
      const each = Math.ceil(positions / Math.max(1, classes.length));
      const summary = await summarizeFeatures(counted(store, terminal.progress), {
        channels: store.channels,
        seed,
        ...(out !== undefined && { sample: new Map(classes.map(({ id }) => [id, each])) }),
      });
      const facts = factsOf(store, summary);
      const warnings = [
        ...(note === undefined ? [] : [note]),
        ...(summary.notFinite > 0 ? [`${summary.notFinite} numbers are not finite`] : []),
        ...deadChannels(store),
      ];
      const names = new Map(labels.map((label) => [label.id, label]));
      terminal.print(textTable(facts.map(([key, value]) => [key, value])));
      terminal.print(
        `\n${textTable([
          ['class', 'group', 'positions', 'views', 'mean length'],
          ...summary.labels.map(({ label, positions, views, norms }) => [
            names.get(label)?.name ?? String(label),
            names.get(label)?.group ?? '–',
            String(positions),
            String(views),
            norms.mean.toPrecision(3),
          ]),
        ])}`,
      );
      for (const warning of warnings) terminal.print(`warning: ${warning}`);
      const { projection, ...figures } = summary;
      const { bytes, count, channels, featureBits, labelBits, compression, columns, provenance, statistics } = store;
      const result = {
        store: path,
        ...{ bytes, views: count, images: count / provenance.views.length, channels, featureBits, labelBits },
        ...{ compression, columns, provenance, statistics },
        ...{ summary: figures, classes: labels, warnings },
      };
      if (out === undefined) return result;
      const { writeFeaturePage } = await import('@unseen/report');
      const title = `Features of ${provenance.dataset}, ${provenance.subset}`;
      const written = await writeFeaturePage({ title, facts, warnings, summary, labels }, out);
      const points = Object.fromEntries(projection?.points ?? []);
      await writeJsonAtomic(join(out, 'inspection.json'), {
        ...result,
        projection: { seed, explained: projection?.explained, points },
      });
      terminal.print(`\n${written.html}`);
      return { ...result, ...written };
    } finally {
      await store.close();
    }
  },
});

interface Labels {
  readonly labels: readonly NamedLabel[];
  readonly unlabelled: number;
  /** Why there are no names. */
  readonly note?: string;
}

/** The labels in a store with the names of their classes; a dataset that is named has to be there, the store's own need not. */
async function namedLabels(
  store: FeatureStore,
  dataset: string | undefined,
  split: string | undefined,
): Promise<Labels> {
  const { describeDataset, findSplit } = await import('@unseen/data');
  const ids = [...(await store.support()).keys()];
  const unlabelled = store.labelBits === 16 ? 0xffff : 0xff;
  const given = dataset ?? store.provenance.dataset;
  const described = await describeDataset(given).catch((error: unknown) => {
    if (dataset === undefined && split === undefined && error instanceof UserError) return undefined;
    throw error;
  });
  const names = new Map(described?.classes.map(({ id, name }) => [id, name]));
  const groups: ZeroShotSplit | undefined =
    described && split !== undefined ? findSplit(described.splits, split, described.name) : undefined;
  const labels = ids.map((id): NamedLabel => {
    const name = names.get(id) ?? (id === unlabelled ? 'unlabelled' : `class ${id}`);
    if (groups?.seen.includes(id)) return { id, name, group: 'seen' };
    return groups?.unseen.includes(id) ? { id, name, group: 'unseen' } : { id, name };
  });
  // A class may have the number that stands for "unlabelled" elsewhere.
  const hidden = names.has(unlabelled) ? -1 : unlabelled;
  return {
    labels,
    unlabelled: hidden,
    ...(!described && { note: `class names are unknown: there is no dataset '${given}' here (--dataset NAME)` }),
  };
}

/** The views of a store, with their number on the terminal. */
async function* counted(store: FeatureStore, progress: Progress): AsyncGenerator<FeatureView> {
  progress.stage('inspect', 'start', { index: 0, count: 1 });
  let done = 0;
  for await (const view of store.views()) {
    yield view;
    progress.update(++done, store.count, view.id);
  }
}

function factsOf(store: FeatureStore, summary: FeatureSummary): [string, string][] {
  const { backbone, weights, dataset, subset, views, normalization } = store.provenance;
  const { channels, featureBits, labelBits, compression, count, bytes } = store;
  const raw = summary.positions * ((channels * featureBits + labelBits) / 8);
  const compressed = compression === 'none' ? '' : `, ${compression}: ${(raw / bytes).toFixed(2)} to 1`;
  const list = (numbers: readonly number[]) => numbers.map((n) => n.toPrecision(4)).join(', ');
  const deviations = store.statistics.std.toSorted((a, b) => a - b);
  return [
    ['backbone', backbone],
    ['weights', weights],
    ['dataset', `${dataset}, ${subset}`],
    ['views of an image', views.join(', ')],
    ['input', `${normalization.channelOrder}, mean ${list(normalization.mean)}, deviation ${list(normalization.std)}`],
    ['images', `${count / views.length}, ${count} views, ${summary.positions.toLocaleString('en')} positions`],
    ['features', `${channels} channels of ${featureBits} bits, labels of ${labelBits} bits`],
    ['file', `${bytesText(bytes)}${compressed}`],
    ['values', `${list(summary.range).replace(', ', ' to ')}, ${(100 * summary.zeros).toFixed(1)} % are 0`],
    ['lengths', `${list([summary.norms.min])} to ${list([summary.norms.max])}, mean ${list([summary.norms.mean])}`],
    [
      'deviations of channels',
      `${list([deviations[0]])} to ${list([deviations[channels - 1]])}, median ${list([deviations[channels >> 1]])}`,
    ],
  ];
}

function deadChannels({ statistics, channels }: FeatureStore): string[] {
  const dead = statistics.std.filter((deviation) => deviation === 0).length;
  return dead === 0 ? [] : [`${dead} of ${channels} channels are the same everywhere: nothing can be learnt from them`];
}
