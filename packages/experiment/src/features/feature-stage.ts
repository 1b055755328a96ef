import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, linkOrCopy, type Sample, UserError, type ZeroShotSplit } from '@unseen/core';
import {
  type FeatureProvenance,
  FeatureStore,
  findSplit,
  guardTraining,
  mergeFeatureStores,
  SeenOnlyFeatures,
  type StoreForm,
} from '@unseen/data';
import type { ChannelStatistics } from '@unseen/nn';
import { loadExperimentBackbone } from '../backbone.ts';
import type { LabelledSource } from '../batches/labelled-batches.ts';
import { openExperimentDataset } from '../classes.ts';
import type { TrunkSettings } from '../config/schema.ts';
import type { Artifact } from '../pipeline/artifacts.ts';
import type { StoredMaps } from '../pipeline/evaluate-stage.ts';
import { partOf, type Shard } from '../pipeline/shard.ts';
import { defineStage, type Stage, type StageContext } from '../pipeline/stage.ts';
import { shardCount, shardName, shardSubset } from './extract-dataset.ts';
import { type FeatureSettings, type FeatureSubset, featureProvenance, storeFormOf } from './feature-settings.ts';
import { extractStore, ViewExtractors } from './view-extractors.ts';

/** The file of features that a stage has stored. */
export interface FeatureFile {
  readonly path: string;
}

/** Options of {@link featureStage}. */
export interface FeatureStageOptions {
  readonly subset: FeatureSubset;
  readonly settings: Pick<TrunkSettings, 'data' | 'backbone' | 'features'>;
  /** Folder of a run whose store is taken over where it was made in the same way. */
  readonly earlier?: string;
}

/** Name of the stage that stores the features of a subset. */
const STAGES = { train: 'features', val: 'features-val' } as const;

/**
 * Runs the frozen backbone over the images of a subset once and stores its output (`features/{train,val}.arrow`). Images
 * are warped to the experiment's size; training labels pass the leakage guard before they are stored.
 */
export function featureStage({ subset, settings, earlier }: FeatureStageOptions): Stage<FeatureFile> {
  const { dataset, root, split, size } = settings.data;
  const { name, weights, tap, outputStride } = settings.backbone;
  return defineStage({
    name: STAGES[subset],
    settings: {
      data: { dataset, root, split, size, [subset]: settings.data[subset] },
      backbone: { name, weights, tap, outputStride },
      features: settings.features,
    },
    makes: storeOf(subset),
    sharded: true,
    run: async (context) => {
      const path = context.folder.file(storePath(subset));
      if (context.resume && existsSync(path)) return;
      const opened = await openSubset(settings, subset);
      const form = storeFormOf(settings.features);
      const { store } = settings.features;
      if (store !== undefined) return adoptGiven(join(store, `${subset}.arrow`), path, opened.provenance, form);
      if (earlier !== undefined && (await adopt(join(earlier, storePath(subset)), path, opened.provenance, form)))
        return;
      if (context.shard) return extractPart(context, settings, opened, { subset, shard: context.shard, form });
      if (await joinParts(context, settings, opened, { subset, form, path })) return;
      await extract(context, settings, opened, {
        path,
        subset,
        form,
        samples: opened.samples,
        provenance: opened.provenance,
      });
    },
  });
}

function storePath(subset: FeatureSubset): string {
  return `features/${subset}.arrow`;
}

function storeOf(subset: FeatureSubset): Artifact<FeatureFile> {
  return {
    kind: 'features',
    files: [storePath(subset)],
    open: (folder) => ({ path: folder.file(storePath(subset)) }),
  };
}

interface OpenedSubset {
  readonly dataset: Dataset;
  readonly samples: readonly Sample[];
  readonly provenance: FeatureProvenance;
}

async function openSubset(settings: FeatureSettings, subset: FeatureSubset): Promise<OpenedSubset> {
  const dataset = await openExperimentDataset(settings);
  const split = findSplit(dataset.splits, settings.data.split, dataset.name);
  const backbone = await loadExperimentBackbone(settings.backbone);
  const samples = subset === 'train' ? guardTraining(dataset, split).samples : dataset.val;
  return { dataset, samples, provenance: featureProvenance(settings, backbone, dataset, subset) };
}

interface Extraction {
  readonly path: string;
  readonly subset: FeatureSubset;
  readonly form: Required<StoreForm>;
  readonly samples: readonly Sample[];
  readonly provenance: FeatureProvenance;
}

async function extract(
  { engine, progress, signal }: StageContext,
  settings: FeatureSettings,
  { dataset }: OpenedSubset,
  { path, subset, form, samples, provenance }: Extraction,
): Promise<void> {
  const backbone = await loadExperimentBackbone(settings.backbone);
  const extractors = new ViewExtractors(engine, backbone, settings, subset);
  let done = 0;
  const onImage = async ({ id }: Sample) => {
    await progress.update(++done, samples.length, id);
    signal.throwIfAborted();
  };
  try {
    await extractStore(path, { extractors, dataset, samples, provenance, form, onImage });
  } finally {
    extractors.dispose();
  }
}

/** Stores the features of a part of the images, in a file of their own beside the store. */
async function extractPart(
  context: StageContext,
  settings: FeatureSettings,
  opened: OpenedSubset,
  {
    subset,
    shard,
    form,
  }: { readonly subset: FeatureSubset; readonly shard: Shard; readonly form: Required<StoreForm> },
): Promise<void> {
  const path = context.folder.file('features', shardName(subset, shard));
  const provenance = { ...opened.provenance, subset: shardSubset(subset, shard) };
  if (await isStore(path, provenance, form)) return;
  await extract(context, settings, opened, { path, subset, form, samples: partOf(opened.samples, shard), provenance });
}

/** Where other processes have begun to share the images out: makes the parts that are missing and joins all of them. */
async function joinParts(
  context: StageContext,
  settings: FeatureSettings,
  opened: OpenedSubset,
  { subset, form, path }: Pick<Extraction, 'subset' | 'form' | 'path'>,
): Promise<boolean> {
  const { folder } = context;
  const names = await readdir(folder.file('features')).catch(() => []);
  const count = names.flatMap((name) => shardCount(name, subset) ?? [])[0];
  if (count === undefined) return false;
  const shards = Array.from({ length: count }, (_, i): Shard => ({ index: i + 1, count }));
  for (const shard of shards) await extractPart(context, settings, opened, { subset, shard, form });
  const parts = shards.map((shard) => folder.file('features', shardName(subset, shard)));
  await mergeFeatureStores(path, parts, subset);
  // What an extraction by one process had begun is not needed any more.
  const begun = [`${path}.partial`, `${path}.partial.journal`];
  for (const part of [...parts, ...begun]) await rm(part, { force: true });
  return true;
}

/** Whether there is a store that was made in the same way. */
async function isStore(path: string, provenance: FeatureProvenance, form: Required<StoreForm>): Promise<boolean> {
  if (!existsSync(path)) return false;
  const store = await FeatureStore.open(path, provenance).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  await store?.close();
  return store !== undefined && store.featureBits === form.featureBits;
}

/** Takes over a store that the user names; one that was made in another way is a `UserError`. */
async function adoptGiven(
  stored: string,
  path: string,
  provenance: FeatureProvenance,
  { featureBits }: Required<StoreForm>,
): Promise<void> {
  const store = await FeatureStore.open(stored, provenance);
  await store.close();
  if (store.featureBits !== featureBits) {
    const own = store.featureBits === 16 ? 'half' : 'full';
    throw new UserError({
      given: `the feature store ${stored} is in ${own} precision (${store.featureBits} bits)`,
      expected: `${featureBits} bits, as 'features.precision' says`,
      remedy: `set features.precision to '${own}', or extract the features anew`,
    });
  }
  await linkOrCopy(stored, path);
}

/** Takes over a store of another run, unless it was made in another way. */
async function adopt(
  stored: string,
  path: string,
  provenance: FeatureProvenance,
  form: Required<StoreForm>,
): Promise<boolean> {
  if (!(await isStore(stored, provenance, form))) return false;
  await linkOrCopy(stored, path);
  return true;
}

/** The stored training features of a run. */
export interface TrainFeatures {
  readonly channels: number;
  /** Of the features, before any standardisation. */
  readonly statistics: ChannelStatistics;
  /** Guarded maps, one source per scale, full scale first; flipped copies count as images. */
  readonly sources: readonly LabelledSource[];
  close(): Promise<void>;
}

/** Opens the store that {@link featureStage} has left of the training images; one of another backbone or other settings is refused. */
export async function openTrainFeatures(
  settings: FeatureSettings,
  { path }: FeatureFile,
  split: ZeroShotSplit,
): Promise<TrainFeatures> {
  const store = await FeatureStore.open(path, (await openSubset(settings, 'train')).provenance);
  try {
    const { channels, statistics } = store;
    const guarded = new SeenOnlyFeatures(store, split);
    const { scales } = settings.features;
    const sources = scales.map(async (_, first): Promise<LabelledSource> => {
      const { height, width } = await store.read(first);
      return {
        length: store.count / scales.length,
        grid: [height, width],
        channels,
        read: async (index, target, offset = 0) =>
          (await guarded.readInto(index * scales.length + first, target, offset)).labels,
      };
    });
    return {
      channels,
      statistics: { mean: Float32Array.from(statistics.mean), deviation: Float32Array.from(statistics.std) },
      sources: await Promise.all(sources),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Opens the store that {@link featureStage} has left of the validation images. */
export async function openValFeatures(settings: FeatureSettings, { path }: FeatureFile): Promise<StoredMaps> {
  const store = await FeatureStore.open(path, (await openSubset(settings, 'val')).provenance);
  const { height, width } = await store.read(0).catch(async (error) => {
    await store.close();
    throw error;
  });
  const map = new Float32Array(height * width * store.channels);
  return {
    read: async (index) => {
      await store.readInto(index, map);
      return map;
    },
    close: () => store.close(),
  };
}
