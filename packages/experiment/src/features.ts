import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, hashJson, IGNORE, linkOrCopy, type Sample, UserError, type ZeroShotSplit } from '@unseen/core';
import {
  ContiguousLabels,
  type FeatureProvenance,
  FeatureStore,
  type FeatureStoreWriter,
  findSplit,
  guardTraining,
  SeenOnlyFeatures,
  writeFeatureStore,
} from '@unseen/data';
import type { ChannelStatistics } from '@unseen/nn';
import { flipHorizontal, resizeNearest } from '@unseen/vision';
import { type LoadedBackbone, loadExperimentBackbone } from './backbone.ts';
import { FeatureExtractor, sizeAtScale, type View, warpImage } from './extractor.ts';
import type { FeatureSource } from './feature-batches.ts';
import type { Stage, StageContext } from './method.ts';
import { openExperimentDataset } from './protocol.ts';
import type { ExperimentConfig } from './schema.ts';
import { requireUsable } from './usable-dataset.ts';

/** Where the stores lie in a run folder. */
const STORES = { train: 'features/train.arrow', val: 'features/val.arrow' } as const;

type Subset = keyof typeof STORES;

/** A view of every image that is stored. */
interface StoredView extends View {
  readonly name: string;
}

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
      let done = total / 2;
      for (const subset of Object.keys(STORES) as Subset[]) {
        const path = context.folder.file(STORES[subset]);
        if (context.resume && existsSync(path)) continue;
        const provenance = provenanceOf(config, backbone, dataset, subset);
        if (config.extend && (await adoptStore(join(config.extend.run, STORES[subset]), path, provenance))) continue;
        const extractors = viewsOf(config, subset).map((view) => ({
          view,
          extractor: new FeatureExtractor(context.engine, backbone, view),
        }));
        const options = {
          provenance,
          channels: extractors[0].extractor.channels,
          labelBits: dataset.classes.some(({ id }) => id >= IGNORE) ? (16 as const) : (8 as const),
        };
        await writeFeatureStore(path, options, async (writer) => {
          for (const sample of subsets[subset]) {
            await appendViews(writer, sample, config, extractors);
            await context.progress.update(++done, total, sample.id);
            context.signal.throwIfAborted();
          }
        });
        for (const { extractor } of extractors) extractor.dispose();
      }
    },
  };
}

/** Takes over a store of the run that is extended, unless it was made in another way. */
async function adoptStore(stored: string, path: string, provenance: FeatureProvenance): Promise<boolean> {
  const store = await FeatureStore.open(stored, provenance).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!store) return false;
  await store.close();
  await linkOrCopy(stored, path);
  return true;
}

async function appendViews(
  writer: FeatureStoreWriter,
  sample: Sample,
  config: ExperimentConfig,
  extractors: readonly { readonly view: StoredView; readonly extractor: FeatureExtractor }[],
): Promise<void> {
  const [image, mask] = await Promise.all([sample.image(), sample.mask!()]);
  const warped = warpImage(image, config);
  const labels = resizeNearest(mask, ...config.data.size);
  for (const { view, extractor } of extractors) {
    const [height, width] = extractor.grid;
    const features = await extractor.extract(warped);
    const atGrid = resizeNearest(view.flip ? flipHorizontal(labels) : labels, height, width);
    await writer.append({ id: sample.id, view: view.name, height, width, features, labels: atGrid.data });
  }
}

function viewsOf(config: ExperimentConfig, subset: Subset): StoredView[] {
  const { features } = config;
  const scales = subset === 'train' ? features.scales : features.scales.slice(0, 1);
  const flips = subset === 'train' && features.flip ? [false, true] : [false];
  return flips.flatMap((flip) =>
    scales.map((scale) => ({
      name: `scale ${scale}${flip ? ' flipped' : ''}`,
      size: sizeAtScale(config, scale),
      flip,
    })),
  );
}

function provenanceOf(
  config: ExperimentConfig,
  backbone: LoadedBackbone,
  dataset: Dataset,
  subset: Subset,
): FeatureProvenance {
  const { data, features } = config;
  const { outputStride, tap = null } = config.backbone;
  return {
    backbone: backbone.definition.name,
    weights: backbone.weights,
    config: hashJson({
      size: data.size,
      outputStride,
      tap,
      features,
      split: data.split,
      // Views and masks are paired by their place in the list.
      images: hashJson(dataset[subset].map(({ id }) => id)),
    }),
    dataset: data.dataset,
    subset,
    views: viewsOf(config, subset).map(({ name }) => name),
    normalization: backbone.definition.input,
  };
}

/** Opens the stores that {@link featureStage} has left; stores of another backbone or other settings are refused. */
export async function openFeatures(context: StageContext, split: ZeroShotSplit): Promise<FeatureStores> {
  const { config, folder } = context;
  const backbone = await loadExperimentBackbone(config.backbone);
  const dataset = await openExperimentDataset(config);
  const open = (subset: Subset) =>
    FeatureStore.open(folder.file(STORES[subset]), provenanceOf(config, backbone, dataset, subset));
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
