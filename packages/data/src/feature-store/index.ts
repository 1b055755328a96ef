export type { StoreColumn } from './footer.ts';
export * from './merge.ts';
export * from './schema.ts';
export * from './seen-only.ts';
export * from './store.ts';
export type { ClassView } from './view-index.ts';
export * from './write-store.ts';
export { columnBytes, type FeatureStoreOptions, FeatureStoreWriter, type StoreForm } from './writer.ts';
export type { Compression } from './zstd.ts';
