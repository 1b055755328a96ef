import type { SeedTree } from '@unseen/core';
import type { Normalization } from '@unseen/vision';
import type { UnitOptions } from './conv-norm.ts';
import type { DilationRule } from './dilation.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

/** Provenance of the published weights of a backbone. */
export interface WeightsInfo {
  /** URL of the file, or of a page about it if it is {@link unavailable}. */
  readonly source: string;
  /** File format. */
  readonly format: 'keras-h5' | 'torch' | 'caffe';
  /** Of the file in hex, or its first digits, if known. */
  readonly sha256?: string;
  /** Why the file cannot be downloaded from the source, and what to do instead. */
  readonly unavailable?: string;
  readonly licence: string;
  readonly paper: string;
}

/**
 * Loads a published weights file into an encoder, completely or not at all: weights that do not fit are a `UserError`.
 */
export type ForeignLoader = (encoder: Encoder, path: string) => Promise<void>;

/** Options for building a backbone. */
export interface BackboneOptions extends EncoderOptions, Pick<UnitOptions, 'norm' | 'init'> {
  /** Default: the natural stride of the network. */
  readonly outputStride?: number;
  /** How strides are replaced to keep the output stride. Default: the definition's first rule. */
  readonly dilation?: DilationRule;
  /** Dilation factor of each block of the last stage; for networks that support the rule `uniform`. */
  readonly multiGrid?: readonly number[];
  readonly seeds: SeedTree;
}

/** An entry of the registry, named `<architecture>.<tag>`; the tag says which weights it expects. */
export interface BackboneDefinition {
  readonly name: string;
  readonly build: (options: BackboneOptions) => Encoder;
  readonly input: Normalization;
  readonly outputStrides: readonly number[];
  /** Supported dilation rules, the default first. Default: only `exact`. */
  readonly dilations?: readonly DilationRule[];
  readonly weights?: WeightsInfo;
  /** Loaders for published files that need no import, by file extension (`.h5`). Default: none. */
  readonly foreignLoaders?: Readonly<Record<string, ForeignLoader>>;
}

/** Options for building a segmentation network. */
export interface SegmentationOptions
  extends Pick<BackboneOptions, 'norm' | 'init' | 'inputs' | 'outputStride' | 'seeds'> {
  readonly classes: number;
}

/** An entry of the registry, named `<architecture>_<backbone>.<tag>`; the tag is the method whose variant it is. */
export interface SegmentationDefinition {
  readonly name: string;
  readonly build: (options: SegmentationOptions) => SegmentationNetwork;
  /** Name of its backbone in the registry. */
  readonly backbone: string;
  readonly input: Normalization;
  /** Supported output strides of the encoder, the default first. */
  readonly outputStrides: readonly number[];
  readonly weights?: WeightsInfo;
  readonly paper?: string;
}
