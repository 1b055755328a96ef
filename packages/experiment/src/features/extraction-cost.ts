import type { Sample } from '@unseen/core';
import { columnBytes, type FeatureBits, type StoreForm } from '@unseen/data';
import type { Engine } from '@unseen/tensor';
import { buildBackbone } from '../backbone.ts';
import { openExperimentDataset } from '../classes.ts';
import type { FeatureSettings } from './feature-settings.ts';
import { labelBitsOf, ViewExtractors } from './view-extractors.ts';

/** What the features of an image cost. */
export interface ExtractionCost {
  readonly bytesPerImage: number;
  /** Reading, warping and all views, measured. */
  readonly secondsPerImage: number;
}

/** Images that are measured, after one that warms up. */
const MEASURED = 2;
/** Of a view in a store besides its columns: metadata, alignment, its entry in the footer. */
const VIEW_OVERHEAD = 600;

/** Measures a few images of a list. */
export async function measureExtraction(
  extractors: ViewExtractors,
  samples: readonly Sample[],
  form: Required<StoreForm> & { readonly labelBits: 8 | 16 },
): Promise<ExtractionCost> {
  const [warmUp, ...others] = samples.slice(0, MEASURED + 1);
  await compute(extractors, warmUp, form);
  const measured = others.length > 0 ? others : [warmUp];
  const start = performance.now();
  let bytes = 0;
  for (const sample of measured) bytes += await compute(extractors, sample, form);
  const secondsPerImage = (performance.now() - start) / 1000 / measured.length;
  const bytesPerImage = bytes / measured.length + extractors.count * VIEW_OVERHEAD;
  return { bytesPerImage, secondsPerImage };
}

/**
 * Measures what training images of a dataset would cost, without weights and without writing.
 */
export async function estimateExtraction({
  engine,
  settings,
  featureBits = 32,
  noise = false,
}: {
  readonly engine: Engine;
  readonly settings: FeatureSettings;
  readonly featureBits?: FeatureBits;
  /** Images of noise of 375x500 instead of the dataset's. */
  readonly noise?: boolean;
}): Promise<ExtractionCost & { readonly images: number }> {
  const dataset = noise ? NOISE : await openExperimentDataset(settings);
  const extractors = new ViewExtractors(engine, buildBackbone(settings.backbone), settings, 'train');
  try {
    const form = { featureBits, compression: 'none', labelBits: labelBitsOf(dataset) } as const;
    return { ...(await measureExtraction(extractors, dataset.train, form)), images: dataset.train.length };
  } finally {
    extractors.dispose();
  }
}

const HEIGHT = 375;
const WIDTH = 500;
const PIXELS = Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => (i * 7919) % 256);

const noiseSample = (id: string): Sample => ({
  id,
  async image() {
    return { height: HEIGHT, width: WIDTH, data: PIXELS };
  },
  mask: async () => ({ id, height: HEIGHT, width: WIDTH, data: new Uint8Array(HEIGHT * WIDTH) }),
});

const NOISE = { classes: [], train: Array.from({ length: MEASURED + 1 }, (_, i) => noiseSample(`noise-${i}`)) };

/** Bytes of an image's columns, which are computed as for a store. */
async function compute(extractors: ViewExtractors, sample: Sample, form: Required<StoreForm>): Promise<number> {
  let bytes = 0;
  for await (const view of extractors.views(sample)) bytes += await columnBytes(view, form);
  return bytes;
}
