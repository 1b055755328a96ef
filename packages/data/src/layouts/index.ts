export * from './check-listing.ts';
export * from './find-files.ts';
export * from './id-list.ts';
export * from './list-subset.ts';
export * from './listing.ts';
