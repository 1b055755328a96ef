export * from './class-scores.ts';
export * from './contracts.ts';
export * from './download.ts';
export * from './errors.ts';
export * from './files.ts';
export * from './lock.ts';
export * from './random.ts';
