import { type Dataset, hashJson } from '@unseen/core';
import { type FeatureProvenance, findSplit, type StoreForm } from '@unseen/data';
import type { LoadedBackbone } from '../backbone.ts';
import type { TrunkSettings } from '../config/schema.ts';
import { sizeAtScale, type View } from './extractor.ts';

/** The settings of an experiment that its stored features depend on. */
export interface FeatureSettings {
  readonly data: Pick<TrunkSettings['data'], 'dataset' | 'root' | 'split' | 'size'> &
    Partial<Pick<TrunkSettings['data'], 'train' | 'val'>>;
  readonly backbone: Pick<TrunkSettings['backbone'], 'name' | 'weights' | 'tap' | 'outputStride'>;
  readonly features: Pick<TrunkSettings['features'], 'scales' | 'flip'>;
}

/** A subset of a dataset, which has a store of its own. */
export type FeatureSubset = 'train' | 'val';

/** The form in which an experiment wants its stores. */
export function storeFormOf({ precision, compress }: TrunkSettings['features']): Required<StoreForm> {
  return { featureBits: precision === 'half' ? 16 : 32, compression: compress ? 'zstd' : 'none' };
}

/** A view of every image that is stored. */
export interface StoredView extends View {
  readonly name: string;
}

/** The views that are stored of an image: of training images all scales, flipped too where asked for; of others the first. */
export function storedViews(settings: FeatureSettings, subset: FeatureSubset): StoredView[] {
  const { features } = settings;
  const scales = subset === 'train' ? features.scales : features.scales.slice(0, 1);
  const flips = subset === 'train' && features.flip ? [false, true] : [false];
  return flips.flatMap((flip) =>
    scales.map((scale) => ({
      name: `scale ${scale}${flip ? ' flipped' : ''}`,
      size: sizeAtScale(settings, scale),
      flip,
    })),
  );
}

/** Where the store of a subset comes from: what a reader compares with what it expects. */
export function featureProvenance(
  settings: FeatureSettings,
  backbone: LoadedBackbone,
  dataset: Dataset,
  subset: FeatureSubset,
): FeatureProvenance {
  const { data, features } = settings;
  const { outputStride, tap = null } = settings.backbone;
  return {
    backbone: backbone.definition.name,
    weights: backbone.weights,
    config: hashJson({
      size: data.size,
      outputStride,
      tap,
      features: { scales: features.scales, flip: features.flip },
      // All other labels of training images are hidden; test images keep theirs.
      seen:
        subset === 'train' ? findSplit(dataset.splits, data.split, dataset.name).seen.toSorted((a, b) => a - b) : null,
      // Views and masks are paired by their place in the list.
      images: hashJson(dataset[subset].map(({ id }) => id)),
    }),
    dataset: data.dataset,
    subset,
    views: storedViews(settings, subset).map(({ name }) => name),
    normalization: backbone.definition.input,
  };
}
