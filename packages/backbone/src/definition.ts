import type { SeedTree } from '@unseen/core';
import type { Normalization } from '@unseen/vision';
import type { UnitOptions } from './conv-norm.ts';
import type { DilationRule } from './dilation.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

/** Where published weights of a backbone come from. */
export interface WeightsInfo {
  /** Address of the file; of a page about it where it is {@link unavailable}. */
  readonly source: string;
  /** How the file is read. */
  readonly format: 'keras-h5' | 'torch' | 'caffe';
  /** Of the file in hex, or its first digits, where they are known. */
  readonly sha256?: string;
  /** Why the file cannot be fetched from the source, and what to do instead. */
  readonly unavailable?: string;
  readonly licence: string;
  readonly paper: string;
}

/** Loads a published file of weights into an encoder, all of them or none: what does not fit is a `UserError`. */
export type ForeignLoader = (encoder: Encoder, path: string) => Promise<void>;

/** What a backbone can be built with. */
export interface BackboneOptions extends EncoderOptions, Pick<UnitOptions, 'norm' | 'init'> {
  /** Default: the network's natural one. */
  readonly outputStride?: number;
  /** How strides are replaced to keep the output stride. Default: the definition's first rule. */
  readonly dilation?: DilationRule;
  /** A factor of the dilation for each block of the last stage; for networks that know the rule `uniform`. */
  readonly multiGrid?: readonly number[];
  readonly seeds: SeedTree;
}

/** An entry of the registry, named `<architecture>.<tag>` after its weights. */
export interface BackboneDefinition {
  readonly name: string;
  readonly build: (options: BackboneOptions) => Encoder;
  readonly input: Normalization;
  readonly outputStrides: readonly number[];
  /** Dilation rules that it can be built with, the default first. Default: `exact` alone. */
  readonly dilations?: readonly DilationRule[];
  readonly weights?: WeightsInfo;
  /** Reads published files as they are, without an import first, by the ending of their names (`.h5`). Default: none. */
  readonly foreignLoaders?: Readonly<Record<string, ForeignLoader>>;
}

/** What a segmentation network can be built with. */
export interface SegmentationOptions
  extends Pick<BackboneOptions, 'norm' | 'init' | 'inputs' | 'outputStride' | 'seeds'> {
  readonly classes: number;
}

/** An entry of the registry, named `<architecture>_<backbone>.<tag>` after the method whose variant it is. */
export interface SegmentationDefinition {
  readonly name: string;
  readonly build: (options: SegmentationOptions) => SegmentationNetwork;
  /** Name of its backbone in the registry of backbones. */
  readonly backbone: string;
  readonly input: Normalization;
  /** Strides of the encoder that it can be built with, the default first. */
  readonly outputStrides: readonly number[];
  readonly weights?: WeightsInfo;
  readonly paper?: string;
}
