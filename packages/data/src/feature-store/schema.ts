import type { Normalization } from '@unseen/vision';
import { Field, FixedSizeList, Float16, Float32, Schema, Uint8, Uint16 } from 'apache-arrow';
import { z } from 'zod';

/** Where stored features come from. A store is used only by code that expects the same. */
export interface FeatureProvenance {
  /** Name of the backbone and the layer. */
  readonly backbone: string;
  /** SHA-256 of the weights. */
  readonly weights: string;
  /** Hash of the part of the experiment that features depend on. */
  readonly config: string;
  readonly dataset: string;
  readonly subset: string;
  /** Descriptions of the views that every image has, in their order: scales, crops, flips. */
  readonly views: readonly string[];
  readonly normalization: Normalization;
}

/** Mean and population standard deviation per channel over all positions of a store, before any standardisation. */
export interface FeatureStatistics {
  readonly positions: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** One view of an image. */
export interface FeatureView {
  /** Id of the image. */
  readonly id: string;
  readonly view: string;
  readonly height: number;
  readonly width: number;
  /** [height · width · channels] */
  readonly features: Float32Array;
  /** Raw class ids at the grid, [height · width]. */
  readonly labels: Uint8Array | Uint16Array;
}

/** Where the bytes of a view end in the file, those of the view before being in front, and their CRC-32. */
export type PartCheck = readonly [end: number, crc: number];

/** Value of the metadata entry `format`. */
export const STORE_FORMAT = 'unseen-features-2';

/** What the schema metadata of a store holds, as JSON under `store`. */
export const storeMetadata = z.object({
  provenance: z.object({
    backbone: z.string(),
    weights: z.string(),
    config: z.string(),
    dataset: z.string(),
    subset: z.string(),
    views: z.array(z.string()),
    normalization: z.object({
      channelOrder: z.enum(['rgb', 'bgr']),
      mean: z.tuple([z.number(), z.number(), z.number()]),
      std: z.tuple([z.number(), z.number(), z.number()]),
    }),
  }),
  statistics: z.object({ positions: z.int(), mean: z.array(z.number()), std: z.array(z.number()) }),
  /** Of stores that were written before there was compression: none. */
  compression: z.enum(['none', 'zstd']).default('none'),
  checks: z.array(z.tuple([z.int(), z.int()])),
});

/** What the metadata of a record batch holds, as text. */
export const viewMetadata = z.object({
  id: z.string(),
  view: z.string(),
  height: z.coerce.number().int().positive(),
  width: z.coerce.number().int().positive(),
});

/** Columns of a store: one row per position of the grid, one record batch per view. */
export type FeatureColumns = { feature: FixedSizeList<Float16 | Float32>; label: Uint8 | Uint16 };

/** Bits of a stored feature: 32, or 16 for half the space and a relative error of at most 2⁻¹¹. */
export type FeatureBits = 16 | 32;

/** What the columns of a store are made of. */
export interface FeatureTypes {
  readonly channels: number;
  readonly labelBits: 8 | 16;
  readonly featureBits: FeatureBits;
}

/** The Arrow schema of a store. */
export function featureSchema(
  { channels, labelBits, featureBits }: FeatureTypes,
  metadata = new Map<string, string>(),
): Schema<FeatureColumns> {
  const item = featureBits === 16 ? new Float16() : new Float32();
  const feature = new FixedSizeList<Float16 | Float32>(channels, new Field('item', item, false));
  const label = labelBits === 8 ? new Uint8() : new Uint16();
  return new Schema<FeatureColumns>(
    [new Field('feature', feature, false), new Field<Uint8 | Uint16>('label', label, false)],
    metadata,
  );
}
