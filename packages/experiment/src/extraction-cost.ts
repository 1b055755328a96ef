import type { Sample } from '@unseen/core';
import type { FeatureBits } from '@unseen/data';
import type { ViewExtractors } from './view-extractors.ts';

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
  { featureBits, labelBits }: { readonly featureBits: FeatureBits; readonly labelBits: 8 | 16 },
): Promise<ExtractionCost> {
  const [warmUp, ...others] = samples.slice(0, MEASURED + 1);
  await compute(extractors, warmUp);
  const measured = others.length > 0 ? others : [warmUp];
  const start = performance.now();
  for (const sample of measured) await compute(extractors, sample);
  const secondsPerImage = (performance.now() - start) / 1000 / measured.length;
  const { positions, channels, count } = extractors;
  const bytesPerImage = positions * ((channels * featureBits + labelBits) / 8) + count * VIEW_OVERHEAD;
  return { bytesPerImage, secondsPerImage };
}

async function compute(extractors: ViewExtractors, sample: Sample): Promise<void> {
  for await (const _ of extractors.views(sample));
}
