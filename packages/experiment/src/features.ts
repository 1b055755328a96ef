import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { linkOrCopy, type Sample, UserError, type ZeroShotSplit } from '@unseen/core';
import {
  ContiguousLabels,
  type FeatureBits,
  type FeatureProvenance,
  FeatureStore,
  findSplit,
  guardTraining,
  SeenOnlyFeatures,
} from '@unseen/data';
import type { ChannelStatistics } from '@unseen/nn';
import { loadExperimentBackbone } from './backbone.ts';
import type { FeatureSource } from './feature-batches.ts';
import { type FeatureSubset, featureProvenance, storeFormOf } from './feature-settings.ts';
import type { Stage, StageContext } from './method.ts';
import { openExperimentDataset } from './protocol.ts';
import { requireUsable } from './usable-dataset.ts';
import { extractStore, ViewExtractors } from './view-extractors.ts';

/** Where the stores lie in a run folder. */
const STORES = { train: 'features/train.arrow', val: 'features/val.arrow' } as const;

/** The stored features of a run. */
export interface FeatureStores {
  readonly channels: number;
  /** Of the training features, before any standardisation. */
  readonly statistics: ChannelStatistics;
  /** Guarded training maps, one source per scale, full scale first; flipped copies count as images. */
  readonly train: readonly FeatureSource[];
  /** Validation maps at full scale; labels are channels of all classes. */
  readonly val: FeatureSource;
  close(): Promise<void>;
}

/**
 * Runs the frozen backbone over all images once and stores what it gives (`features/{train,val}.arrow`): images are warped
 * to the experiment's size (spec §4.1), training labels pass the leakage guard before they are stored.
 */
export function featureStage(): Stage {
  return {
    name: 'features',
    uses: ['data', 'backbone', 'features'],
    outputs: Object.values(STORES),
    run: async (context) => {
      const { config } = context;
      const dataset = await openExperimentDataset(config);
      const split = findSplit(dataset.splits, config.data.split, dataset.name);
      const backbone = await loadExperimentBackbone(config.backbone);
      const subsets = { train: guardTraining(dataset, split).samples, val: dataset.val };
      const total = 2 * (subsets.train.length + subsets.val.length);
      await requireUsable(context, dataset, split, total);
      const form = storeFormOf(config.features);
      let done = total / 2;
      for (const subset of Object.keys(STORES) as FeatureSubset[]) {
        const path = context.folder.file(STORES[subset]);
        if (context.resume && existsSync(path)) continue;
        const provenance = featureProvenance(config, backbone, dataset, subset);
        if (config.features.store !== undefined) {
          await adoptGiven(join(config.features.store, `${subset}.arrow`), path, provenance, form.featureBits);
          continue;
        }
        const earlier = config.extend && join(config.extend.run, STORES[subset]);
        if (earlier && (await adoptStore(earlier, path, provenance, form.featureBits))) continue;
        const extractors = new ViewExtractors(context.engine, backbone, config, subset);
        const onImage = async ({ id }: Sample) => {
          await context.progress.update(++done, total, id);
          context.signal.throwIfAborted();
        };
        await extractStore(path, { extractors, dataset, samples: subsets[subset], provenance, form, onImage });
        extractors.dispose();
      }
    },
  };
}

/** Takes over a store that the user names; one that was made in another way is a `UserError`. */
async function adoptGiven(
  stored: string,
  path: string,
  provenance: FeatureProvenance,
  featureBits: FeatureBits,
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

/** Takes over a store of the run that is extended, unless it was made in another way. */
async function adoptStore(
  stored: string,
  path: string,
  provenance: FeatureProvenance,
  featureBits: FeatureBits,
): Promise<boolean> {
  const store = await FeatureStore.open(stored, provenance).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!store) return false;
  await store.close();
  if (store.featureBits !== featureBits) return false;
  await linkOrCopy(stored, path);
  return true;
}

/** Opens the stores that {@link featureStage} has left; stores of another backbone or other settings are refused. */
export async function openFeatures(context: StageContext, split: ZeroShotSplit): Promise<FeatureStores> {
  const { config, folder } = context;
  const backbone = await loadExperimentBackbone(config.backbone);
  const dataset = await openExperimentDataset(config);
  const open = (subset: FeatureSubset) =>
    FeatureStore.open(folder.file(STORES[subset]), featureProvenance(config, backbone, dataset, subset));
  const train = await open('train');
  const val = await open('val').catch(async (error) => {
    await train.close();
    throw error;
  });
  const close = async () => {
    await Promise.all([train.close(), val.close()]);
  };
  try {
    const { channels, statistics } = train;
    const guarded = new SeenOnlyFeatures(train, split);
    const labels = new ContiguousLabels(split);
    const scales = config.features.scales.length;
    const [whole, ...sources] = await Promise.all([
      source(val, 0, 1, async (index, target, offset) => {
        const view = await val.readInto(index, target, offset);
        return labels.toTestChannels({ ...view, data: view.labels }).data;
      }),
      ...config.features.scales.map((_, scale) =>
        source(train, scale, scales, async (index, target, offset) => {
          const view = await guarded.readInto(index, target, offset);
          return view.labels;
        }),
      ),
    ]);
    return {
      channels,
      statistics: { mean: Float32Array.from(statistics.mean), deviation: Float32Array.from(statistics.std) },
      train: sources,
      val: whole,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type ReadView = (index: number, target: Float32Array, offset: number) => Promise<Uint8Array>;

/** Every `period`-th view of a store from the `first` on: the views of one scale. */
async function source(store: FeatureStore, first: number, period: number, read: ReadView): Promise<FeatureSource> {
  const { height, width } = await store.read(first);
  return {
    length: store.count / period,
    grid: [height, width],
    channels: store.channels,
    read: (index, target, offset = 0) => read(index * period + first, target, offset),
  };
}
