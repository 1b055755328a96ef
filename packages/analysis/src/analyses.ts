import type { RgbImage } from '@unseen/core';
import type { ScaleShares } from './scale-tally.ts';

/** Fields of every analysis; JSON-safe. */
export interface AnalysisHead {
  /** Name of the run. */
  readonly run: string;
  /** Model of the run, by its name in the report. */
  readonly model: string;
  readonly dataset: string;
  readonly subset: 'train' | 'val';
  /** Number of analysed images. */
  readonly images: number;
  readonly seed: number;
  /** Caveats to read before the numbers. */
  readonly warnings: readonly string[];
}

/** A class in an analysis. */
export interface AnalysedClass {
  readonly id: number;
  readonly name: string;
  readonly group: 'seen' | 'unseen';
}

/** The context scale that the selector prefers. */
export interface ContextScaleAnalysis extends AnalysisHead {
  readonly kind: 'context-scale';
  readonly scales: readonly {
    readonly dilation: number;
    /** Side of the receptive field on the feature map, in positions. */
    readonly receptiveField: number;
    /** The same in pixels of the network's input, without the receptive field of the backbone. */
    readonly pixels: number;
  }[];
  /** Weights at the ends of the pictures' colour map; some labelled pixels are beyond them. */
  readonly range: readonly [number, number];
  readonly all: ScaleShares;
  readonly groups: Readonly<Record<'seen' | 'unseen', ScaleShares>>;
  readonly classes: readonly (AnalysedClass & ScaleShares)[];
  /**
   * By object size, the side of a square with the object's area in positions of the feature map: more than `from`, at
   * most `to`.
   */
  readonly sizes: readonly ({ readonly from: number; readonly to: number | null } & ScaleShares)[];
}

/** How a pixel's feature was regenerated: see {@link ReconstructionAnalysis}. */
export const REGENERATIONS = ['context', 'zero', 'noise', 'swapped', 'mean'] as const;

/** One of {@link REGENERATIONS}. */
export type Regeneration = (typeof REGENERATIONS)[number];

/** Mean squared error per kind of regeneration; `null` without pixels. */
export type ReconstructionErrors = Readonly<Record<Regeneration, number | null>>;

/**
 * How far regenerated features are from the real ones, as squared error per channel: from the pixel's own latent code and
 * its class vector (`context`), from its class vector and z = 0 (`zero`) or z ~ N(0, I) (`noise`), from its own code and
 * the vector of another class (`swapped`), and, as a baseline, the mean of its class (`mean`).
 */
export interface ReconstructionAnalysis extends AnalysisHead {
  readonly kind: 'reconstruction';
  /** Whether the content loss also trained the contextual module. */
  readonly joint: boolean;
  /** Error at the end of the pictures' colour map. */
  readonly limit: number;
  readonly all: ReconstructionErrors & { readonly pixels: number };
  readonly groups: Readonly<Record<'seen' | 'unseen', ReconstructionErrors & { readonly pixels: number }>>;
  readonly classes: readonly (AnalysedClass & ReconstructionErrors & { readonly pixels: number })[];
}

/** Clusters of the features of one class, and real next to generated features of several classes. */
export interface ClustersAnalysis extends AnalysisHead {
  readonly kind: 'clusters';
  readonly clustered: AnalysedClass & {
    /** Pixels of the class. */
    readonly pixels: number;
    /** Number of them that were clustered. */
    readonly sampled: number;
  };
  readonly clusterings: readonly {
    readonly clusters: number;
    /** Share of the variance between the clusters. */
    readonly explained: number;
    /** Number of features in the sample. */
    readonly sizes: readonly number[];
    readonly iterations: number;
    readonly converged: boolean;
  }[];
  /** Shares of the variance of real features along the two axes. */
  readonly axes: readonly number[];
  readonly projected: readonly (AnalysedClass & {
    readonly real: readonly (readonly number[])[];
    readonly generated: readonly (readonly number[])[];
    /** Share of the features whose nearest class mean of real features is that of their own class. */
    readonly recognised: { readonly real: number | null; readonly generated: number | null };
    /** Distance of the means of real and generated features, relative to the spread of the real ones (root mean square). */
    readonly shift: number | null;
    /** Spread of the generated features relative to that of the real ones. */
    readonly spread: number | null;
  })[];
}

/** The figures of an analysis. */
export type Analysis = ContextScaleAnalysis | ReconstructionAnalysis | ClustersAnalysis;

/** Pictures of one image, left to right. */
export interface AnalysisPictures {
  /** Of the image. */
  readonly id: string;
  readonly pictures: readonly { readonly name: string; readonly title: string; readonly image: RgbImage }[];
}

/** The figures of an analysis, with pictures and their legend. */
export interface AnalysisResult<A extends Analysis = Analysis> {
  readonly analysis: A;
  readonly images: readonly AnalysisPictures[];
  /** Colours of regions. */
  readonly legend: readonly { readonly name: string; readonly color: readonly [number, number, number] }[];
}
