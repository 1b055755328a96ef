import type { RgbImage } from '@unseen/core';
import type { ScaleShares } from './scale-tally.ts';

/** What every analysis says of itself. All of it is JSON-safe. */
export interface AnalysisHead {
  /** Name of the run. */
  readonly run: string;
  /** Model of the run, as its report names it. */
  readonly model: string;
  readonly dataset: string;
  readonly subset: 'train' | 'val';
  /** Images that were looked at. */
  readonly images: number;
  readonly seed: number;
  /** Read these before any number. */
  readonly warnings: readonly string[];
}

/** A class, as analyses list it. */
export interface AnalysedClass {
  readonly id: number;
  readonly name: string;
  readonly group: 'seen' | 'unseen';
}

/** Which scale of context the selector prefers. */
export interface ContextScaleAnalysis extends AnalysisHead {
  readonly kind: 'context-scale';
  readonly scales: readonly {
    readonly dilation: number;
    /** Side of what a position sees of the feature map, in its positions. */
    readonly receptiveField: number;
    /** The same in pixels of the network's input, without what the backbone sees. */
    readonly pixels: number;
  }[];
  /** Weights at which the pictures' colours end: some labelled pixels have smaller and larger ones. */
  readonly range: readonly [number, number];
  readonly all: ScaleShares;
  readonly groups: Readonly<Record<'seen' | 'unseen', ScaleShares>>;
  readonly classes: readonly (AnalysedClass & ScaleShares)[];
  /** By the side of a square of the object's area, in positions of the feature map: more than `from`, at most `to`. */
  readonly sizes: readonly ({ readonly from: number; readonly to: number | null } & ScaleShares)[];
}

/** How a pixel's feature was regenerated: see {@link ReconstructionAnalysis}. */
export const REGENERATIONS = ['context', 'zero', 'noise', 'swapped', 'mean'] as const;

/** One of {@link REGENERATIONS}. */
export type Regeneration = (typeof REGENERATIONS)[number];

/** Mean squared error by way of regeneration; `null` without a pixel. */
export type ReconstructionErrors = Readonly<Record<Regeneration, number | null>>;

/**
 * How far regenerated features are from the real ones, as squared error per channel: from the pixel's own latent code and
 * its class vector (`context`), from its class vector and z = 0 (`zero`) or z ~ N(0, I) (`noise`), from its own code and
 * the vector of another class (`swapped`), and, as a baseline, the mean of its class (`mean`).
 */
export interface ReconstructionAnalysis extends AnalysisHead {
  readonly kind: 'reconstruction';
  /** Whether the content loss has trained the contextual module too. */
  readonly joint: boolean;
  /** Error at which the pictures' colours end. */
  readonly limit: number;
  readonly all: ReconstructionErrors & { readonly pixels: number };
  readonly groups: Readonly<Record<'seen' | 'unseen', ReconstructionErrors & { readonly pixels: number }>>;
  readonly classes: readonly (AnalysedClass & ReconstructionErrors & { readonly pixels: number })[];
}

/** Clusters of one class's features, and real beside generated features of several. */
export interface ClustersAnalysis extends AnalysisHead {
  readonly kind: 'clusters';
  readonly clustered: AnalysedClass & {
    /** Pixels of the class that were seen. */
    readonly pixels: number;
    /** Of them, those that were clustered. */
    readonly sampled: number;
  };
  readonly clusterings: readonly {
    readonly clusters: number;
    /** Share of the variance that lies between the clusters. */
    readonly explained: number;
    /** Of the sample. */
    readonly sizes: readonly number[];
    readonly iterations: number;
    readonly converged: boolean;
  }[];
  /** Shares of the variance of real features along the two axes. */
  readonly axes: readonly number[];
  readonly projected: readonly (AnalysedClass & {
    readonly real: readonly (readonly number[])[];
    readonly generated: readonly (readonly number[])[];
    /** Share of the features whose nearest mean of real features, among those of all classes, is that of their own class. */
    readonly recognised: { readonly real: number | null; readonly generated: number | null };
    /** Distance of the means of real and generated features, relative to the spread of the real ones (root mean square). */
    readonly shift: number | null;
    /** Spread of the generated features relative to that of the real ones. */
    readonly spread: number | null;
  })[];
}

/** The figures of an analysis. */
export type Analysis = ContextScaleAnalysis | ReconstructionAnalysis | ClustersAnalysis;

/** Pictures of one image, from left to right. */
export interface AnalysisPictures {
  /** Of the image. */
  readonly id: string;
  readonly pictures: readonly { readonly name: string; readonly title: string; readonly image: RgbImage }[];
}

/** The figures of an analysis with its pictures and the meaning of their colours. */
export interface AnalysisResult<A extends Analysis = Analysis> {
  readonly analysis: A;
  readonly images: readonly AnalysisPictures[];
  /** Colours of areas. */
  readonly legend: readonly { readonly name: string; readonly color: readonly [number, number, number] }[];
}
