export * from './augmentation.ts';
export * from './geometry.ts';
export * from './normalization.ts';
export * from './overlay.ts';
export * from './palette.ts';
export * from './raster.ts';
export * from './resize.ts';
export * from './run-lengths.ts';
