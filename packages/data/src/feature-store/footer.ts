import type { FileHandle } from 'node:fs/promises';
import { UserError } from '@unseen/core';
import { DataType, Precision, RecordBatchReader } from 'apache-arrow';
import {
  type FeatureBits,
  type FeatureColumns,
  type FeatureProvenance,
  type FeatureStatistics,
  type PartCheck,
  STORE_FORMAT,
  storeMetadata,
} from './schema.ts';
import { checkSeal } from './seal.ts';
import type { ViewPlace } from './view-reader.ts';
import type { Compression } from './zstd.ts';

/** A column of a store. */
export interface StoreColumn {
  readonly name: string;
  /** In Arrow's words. */
  readonly type: string;
}

/** What the footer of a store says. */
export interface StoreFooter {
  readonly channels: number;
  readonly featureBits: FeatureBits;
  readonly labelBits: 8 | 16;
  readonly compression: Compression;
  readonly columns: readonly StoreColumn[];
  readonly provenance: FeatureProvenance;
  readonly statistics: FeatureStatistics;
  /** Of the views. */
  readonly places: readonly ViewPlace[];
  /** Of a store that has one, as it stands there. */
  readonly index?: string;
}

/** Reads the footer of a store; `path` stands for the file in messages. An Arrow file of another kind is a `UserError`. */
export async function readFooter(file: FileHandle, path: string): Promise<StoreFooter> {
  await checkSeal(file);
  const reader = await RecordBatchReader.from<FeatureColumns>(file);
  await reader.open();
  const { schema, footer } = reader;
  const [feature, label] = schema.fields;
  const store = schema.metadata.get('store');
  const index = schema.metadata.get('index');
  const format = schema.metadata.get('format');
  if (!footer || format !== STORE_FORMAT || store === undefined || !DataType.isFixedSizeList(feature?.type)) {
    throw new UserError({
      given: `${path} is an Arrow file of another kind (${format ?? 'no format'})`,
      expected: `a feature store (${STORE_FORMAT})`,
    });
  }
  const { provenance, statistics, compression, checks } = storeMetadata.parse(JSON.parse(store));
  return {
    channels: feature.type.listSize,
    featureBits: feature.type.children[0].type.precision === Precision.HALF ? 16 : 32,
    labelBits: DataType.isInt(label.type) && label.type.bitWidth === 16 ? 16 : 8,
    columns: schema.fields.map(({ name, type }) => ({ name, type: String(type) })),
    compression,
    provenance,
    statistics,
    places: placesOf(footer, checks),
    ...(index !== undefined && { index }),
  };
}

function placesOf(footer: NonNullable<RecordBatchReader['footer']>, checks: readonly PartCheck[]): ViewPlace[] {
  if (footer.numRecordBatches !== checks.length) throw new Error('it has another number of views than it says');
  return checks.map(([end, crc], i) => {
    const after = i === 0 ? 0 : checks[i - 1][0];
    const { offset: start, metaDataLength } = footer.getRecordBatch(i)!;
    const body = start + metaDataLength;
    if (!(after <= start && start < body && body < end)) throw new Error(`view ${i} has no place`);
    return { after, start, body, end, crc };
  });
}
