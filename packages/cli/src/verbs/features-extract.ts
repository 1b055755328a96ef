import { resolve } from 'node:path';
import { UserError } from '@unseen/core';
import type { ExtractedStore, FeatureSettings, FeatureSubset, Shard } from '@unseen/experiment';
import {
  backendOption,
  imageSize,
  once,
  outOption,
  positiveNumbers,
  positiveWholeNumber,
  shardOf,
  textOption,
} from '../options.ts';
import { duration } from '../progress.ts';
import { textTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { defineVerb } from '../verb.ts';

/** Training images of the datasets of the papers. */
const FULL_DATASETS = [
  ['VOC 2012 with SBD', 10_582],
  ['PASCAL Context', 4_998],
  ['COCO-Stuff', 118_287],
] as const;

/** `unseen features extract`: what a frozen backbone makes of a dataset, as stores that experiments take over. */
export const featuresExtract = defineVerb({
  positionals: {},
  options: {
    backbone: {
      ...textOption('backbone', "Name from 'unseen models list'"),
      demandOption: true,
      coerce: once('backbone'),
    },
    weights: textOption('weights', "Its weights: a file of 'unseen weights import' (not needed for --estimate)"),
    dataset: textOption('dataset', 'Name or YAML of a dataset (with --estimate default: noise of 375x500)'),
    root: textOption('root', 'Folder of its images and masks, instead of the one that its YAML names'),
    split: textOption('split', 'Split whose unseen classes are hidden in training labels (default: default)'),
    subset: {
      type: 'string',
      requiresArg: true,
      choices: ['train', 'val'] as const,
      describe: 'One subset (default: both)',
    },
    size: {
      type: 'string',
      requiresArg: true,
      default: '321',
      coerce: imageSize('size') as (text: unknown) => readonly [number, number],
      describe: 'Height and width to which images are warped, such as 321 or 375x500',
    },
    scales: {
      type: 'string',
      requiresArg: true,
      default: '1',
      coerce: positiveNumbers('scales') as (text: unknown) => number[],
      describe: 'Scales of training images; the first one is that of validation images',
    },
    flip: { type: 'boolean', default: false, describe: 'Also store flipped training images' },
    'output-stride': {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('output-stride'),
      describe: "Output stride in pixels (default: the network's own)",
    },
    tap: textOption('tap', 'Stage whose output is taken (default: the last)'),
    limit: {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('limit'),
      describe: 'Only the first images of each subset',
    },
    shard: {
      type: 'string',
      requiresArg: true,
      coerce: shardOf as (text: unknown) => Shard | undefined,
      describe: "A part of the images, such as 2/8; 'unseen features merge' joins them",
    },
    half: { type: 'boolean', default: false, describe: 'Half precision: half the bytes, a relative error of 2⁻¹¹' },
    compress: {
      type: 'boolean',
      default: false,
      describe: 'Compress without loss (Zstandard): a fourth of the bytes behind a ReLU, read at a tenth of the speed',
    },
    estimate: {
      type: 'boolean',
      default: false,
      describe: "Only measure a few images and estimate size and time, also for the papers' full datasets",
    },
    out: outOption('Folder of the stores (required unless --estimate)'),
    backend: backendOption,
  },
  examples: [
    [
      'unseen features extract --backbone resnet101.caffe_in1k --weights r101.safetensors --dataset voc12 --out features',
      '',
    ],
    ['unseen features extract --backbone resnet101.caffe_in1k --estimate --half', 'bytes and time, nothing is written'],
  ],
  async run(args, { terminal }) {
    const {
      backbone,
      dataset,
      subset,
      out,
      shard,
      half,
      compress,
      estimate,
      limit,
      root,
      split = 'default',
      tap,
    } = args;
    const { chooseEngine, chooseOutputStride, choiceText } = await import('@unseen/experiment');
    const featureBits = half ? 16 : 32;
    const form = { featureBits, compression: compress ? 'zstd' : 'none' } as const;
    if (estimate && compress) {
      throw new UserError({
        given: '--estimate with --compress',
        expected: 'one of them: an estimate needs no weights, and how far features can be compressed depends on these',
        remedy: 'extract a few images with --limit and --compress',
      });
    }
    const settings: FeatureSettings = {
      data: {
        dataset: datasetName(dataset, estimate),
        ...(root !== undefined && { root: resolve(root) }),
        split,
        size: [...args.size],
        train: { limit },
        val: { limit },
      },
      backbone: {
        name: backbone,
        weights: args.weights,
        tap,
        outputStride: chooseOutputStride(backbone, args['output-stride']),
      },
      features: { scales: args.scales, flip: args.flip },
    };
    const { engine, choice } = await chooseEngine(args.backend ?? 'auto', terminal.progress.warn);
    terminal.note(choiceText(choice));
    try {
      if (estimate) return await printEstimate(terminal, { engine, settings, featureBits }, dataset);
      if (out === undefined) throw new UserError({ given: 'no folder for the stores', expected: '--out DIR' });
      const subsets: readonly FeatureSubset[] = subset ? [subset] : ['train', 'val'];
      const stores: ExtractedStore[] = [];
      for (const [index, one] of subsets.entries()) {
        const position = { index, count: subsets.length };
        stores.push(await extractOne(terminal, position, { engine, settings, subset: one, out, shard, form }));
      }
      for (const { path, images, skipped } of stores) {
        terminal.print(`${path}: ${images} images${skipped ? ', extracted earlier' : ''}`);
      }
      if (shard) terminal.print(`When all ${shard.count} shards are there: unseen features merge ${out}`);
      return { out, settings, shard, ...form, stores };
    } finally {
      engine.dispose();
    }
  },
});

type Extraction = Parameters<typeof import('@unseen/experiment').extractDataset>[0];

async function extractOne(
  terminal: Terminal,
  position: { readonly index: number; readonly count: number },
  extraction: Extraction,
): Promise<ExtractedStore> {
  const [{ extractDataset, Interrupted }, { interruptSignal }] = await Promise.all([
    import('@unseen/experiment'),
    import('@unseen/nn'),
  ]);
  const { signal, release } = interruptSignal();
  const { progress } = terminal;
  const { subset } = extraction;
  progress.stage(`extract ${subset}`, 'start', position);
  let began = 0;
  try {
    const store = await extractDataset({
      ...extraction,
      signal,
      onEstimate: ({ bytesPerImage, secondsPerImage }, images) => {
        terminal.note(
          `${images} images: ${bytesText(bytesPerImage * images)}, about ${duration(1000 * secondsPerImage * images)}`,
        );
        began = performance.now();
      },
      onImage: async (done, total) => {
        // Lets signals in.
        await new Promise((next) => setImmediate(next));
        progress.update(done, total, `${((1000 * done) / (performance.now() - began)).toFixed(2)} images/s`);
      },
    });
    progress.stage(`extract ${subset}`, store.skipped ? 'skip' : 'done', position);
    return store;
  } catch (error) {
    throw signal.aborted ? new Interrupted('run the same command again to continue') : error;
  } finally {
    release();
  }
}

async function printEstimate(
  terminal: Terminal,
  extraction: Parameters<typeof import('@unseen/experiment').estimateExtraction>[0],
  dataset: string | undefined,
): Promise<object> {
  const { estimateExtraction } = await import('@unseen/experiment');
  const { images, ...cost } = await estimateExtraction({ ...extraction, noise: dataset === undefined });
  const { bytesPerImage, secondsPerImage } = cost;
  const rows = [...(dataset === undefined ? [] : [[dataset, images] as const]), ...FULL_DATASETS].map(
    ([name, images]) => ({ name, images, bytes: bytesPerImage * images, seconds: secondsPerImage * images }),
  );
  terminal.print(
    textTable([
      ['training images of', 'images', 'bytes', 'time on this machine'],
      ...rows.map(({ name, images, bytes, seconds }) => [
        name,
        images.toLocaleString('en'),
        bytesText(bytes),
        duration(1000 * seconds),
      ]),
    ]),
  );
  terminal.print(`\nmeasured: ${bytesText(bytesPerImage)} and ${secondsPerImage.toFixed(2)} s an image`);
  return { ...cost, datasets: rows };
}

function datasetName(dataset: string | undefined, estimate: boolean): string {
  if (dataset !== undefined) return /\.ya?ml$/i.test(dataset) ? resolve(dataset) : dataset;
  if (estimate) return 'noise';
  throw new UserError({ given: 'no dataset', expected: '--dataset NAME', remedy: "see 'unseen dataset list'" });
}

/** A number of bytes in words: `3.2 MB`, `41.5 GB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
