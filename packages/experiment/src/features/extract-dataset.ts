import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Sample, UserError } from '@unseen/core';
import { FeatureStore, guardTraining, type StoreForm } from '@unseen/data';
import type { Engine } from '@unseen/tensor';
import { loadExperimentBackbone } from '../backbone.ts';
import { openExperimentDataset } from '../classes.ts';
import type { Shard } from '../pipeline/shard.ts';
import { partOf } from '../pipeline/shard.ts';
import { type ExtractionCost, measureExtraction } from './extraction-cost.ts';
import { type FeatureSettings, type FeatureSubset, featureProvenance } from './feature-settings.ts';

import { extractStore, labelBitsOf, ViewExtractors } from './view-extractors.ts';

/** How {@link extractDataset} extracts. */
export interface ExtractDatasetOptions {
  readonly engine: Engine;
  readonly settings: FeatureSettings;
  readonly subset: FeatureSubset;
  /** Folder of the stores. */
  readonly out: string;
  /** Default: all images in one store. */
  readonly shard?: Shard;
  /** Default: full precision, uncompressed. */
  readonly form?: StoreForm;
  /** Before the first image is stored, with what a few took. */
  readonly onEstimate?: (cost: ExtractionCost, images: number) => void;
  readonly onImage?: (done: number, total: number) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** What {@link extractDataset} has done. */
export interface ExtractedStore {
  readonly path: string;
  readonly images: number;
  /** It was there already, from the same settings. */
  readonly skipped: boolean;
}

/**
 * Runs a frozen backbone over a subset of a dataset and stores its output, as the experiments of the same settings
 * do: training labels pass the leakage guard. A store that is there already is kept if it was made in the same way, and a
 * `UserError` otherwise; an interrupted one continues at the image where it was.
 */
export async function extractDataset(options: ExtractDatasetOptions): Promise<ExtractedStore> {
  const { engine, settings, subset, out, shard, signal } = options;
  const form = { featureBits: 32, compression: 'none', ...options.form } as const;
  const dataset = await openExperimentDataset(settings);
  const all: readonly Sample[] = subset === 'train' ? guardTraining(dataset, settings.data.split).samples : dataset.val;
  const samples = shard ? partOf(all, shard) : all;
  const backbone = await loadExperimentBackbone(settings.backbone);
  const whole = featureProvenance(settings, backbone, dataset, subset);
  const provenance = shard ? { ...whole, subset: shardSubset(subset, shard) } : whole;
  const path = join(out, shard ? shardName(subset, shard) : `${subset}.arrow`);
  if (existsSync(path)) {
    const store = await FeatureStore.open(path, provenance);
    await store.close();
    if (formText(store) === formText(form)) return { path, images: samples.length, skipped: true };
    throw new UserError({
      given: `${path} holds features of ${formText(store)}`,
      expected: formText(form),
      remedy: 'delete it, or choose another folder',
    });
  }
  const extractors = new ViewExtractors(engine, backbone, settings, subset);
  try {
    if (options.onEstimate) {
      const cost = await measureExtraction(extractors, samples, { ...form, labelBits: labelBitsOf(dataset) });
      options.onEstimate(cost, samples.length);
    }
    let done = 0;
    await extractStore(path, {
      extractors,
      dataset,
      samples,
      provenance,
      form,
      onImage: async () => {
        await options.onImage?.(++done, samples.length);
        signal?.throwIfAborted();
      },
    });
    return { path, images: samples.length, skipped: false };
  } finally {
    extractors.dispose();
  }
}

function formText({ featureBits, compression }: Required<StoreForm>): string {
  return `${featureBits} bits${compression === 'none' ? '' : ', compressed'}`;
}

/** What the store of a shard says that it holds. */
export function shardSubset(subset: FeatureSubset, { index, count }: Shard): string {
  return `${subset}, shard ${index} of ${count}`;
}

/** Name of a shard's file. */
export function shardName(subset: FeatureSubset, { index, count }: Shard): string {
  return `${subset}.shard-${index}-of-${count}.arrow`;
}

/** How many parts the images of a subset are divided into, as the name of a part's file says; of other files none. */
export function shardCount(name: string, subset: FeatureSubset): number | undefined {
  const match = SHARD.exec(name);
  return match?.[1] === subset ? Number(match[3]) : undefined;
}

const SHARD = /^(train|val)\.shard-(\d+)-of-(\d+)\.arrow$/;
