import { type Dataset, IGNORE, type Sample } from '@unseen/core';
import { type FeatureProvenance, type FeatureView, type StoreForm, writeFeatureStore } from '@unseen/data';
import type { Engine } from '@unseen/tensor';
import { flipHorizontal, resizeNearest } from '@unseen/vision';
import type { BackboneNetwork } from '../backbone.ts';
import { FeatureExtractor, warpImage } from './extractor.ts';
import { type FeatureSettings, type FeatureSubset, type StoredView, storedViews } from './feature-settings.ts';

/** A frozen backbone made ready for all views of an image that are stored. */
export class ViewExtractors {
  readonly channels: number;
  readonly #settings: FeatureSettings;
  readonly #all: readonly { readonly view: StoredView; readonly extractor: FeatureExtractor }[];

  constructor(engine: Engine, backbone: BackboneNetwork, settings: FeatureSettings, subset: FeatureSubset) {
    this.#settings = settings;
    this.#all = storedViews(settings, subset).map((view) => ({
      view,
      extractor: new FeatureExtractor(engine, backbone, view),
    }));
    this.channels = this.#all[0].extractor.channels;
  }

  /** Positions of all views of an image. */
  get positions(): number {
    return this.#all.reduce((sum, { extractor: { grid } }) => sum + grid[0] * grid[1], 0);
  }

  /** Views of an image. */
  get count(): number {
    return this.#all.length;
  }

  /** The views of an image with their labels, each valid until the next. */
  async *views(sample: Sample): AsyncGenerator<FeatureView> {
    const [photo, labels] = await Promise.all([sample.image(), sample.mask!()]);
    const warped = warpImage(photo, this.#settings);
    const resized = resizeNearest(labels, ...this.#settings.data.size);
    for (const { view, extractor } of this.#all) {
      const [height, width] = extractor.grid;
      const features = await extractor.extract(warped);
      const atGrid = resizeNearest(view.flip ? flipHorizontal(resized) : resized, height, width);
      yield { id: sample.id, view: view.name, height, width, features, labels: atGrid.data };
    }
  }

  dispose(): void {
    for (const { extractor } of this.#all) extractor.dispose();
  }
}

/** What {@link extractStore} extracts. */
export interface ExtractStoreOptions {
  readonly extractors: ViewExtractors;
  readonly dataset: Pick<Dataset, 'classes'>;
  readonly samples: readonly Sample[];
  readonly provenance: FeatureProvenance;
  readonly form?: StoreForm;
  /** After each image, those that were stored earlier included; what it throws ends the extraction. */
  readonly onImage: (sample: Sample) => Promise<void>;
}

/** Writes the store of some samples, all views of each; one that was interrupted is continued at the image where it was. */
export async function extractStore(path: string, options: ExtractStoreOptions): Promise<void> {
  const { extractors, dataset, samples, provenance, form, onImage } = options;
  const { channels } = extractors;
  const store = { ...form, provenance, channels, labelBits: labelBitsOf(dataset) };
  await writeFeatureStore(
    path,
    store,
    async (writer) => {
      const done = writer.count / extractors.count;
      for (const [i, sample] of samples.entries()) {
        if (i >= done) for await (const view of extractors.views(sample)) await writer.append(view);
        await onImage(sample);
      }
    },
    { resumable: true },
  );
}

/** Width of the class ids of a dataset. */
export function labelBitsOf({ classes }: Pick<Dataset, 'classes'>): 8 | 16 {
  return classes.some(({ id }) => id >= IGNORE) ? 16 : 8;
}
