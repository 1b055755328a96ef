export { type Bar, barChart, renderChart, standaloneSvg } from './charts.ts';
export * from './compare.ts';
export * from './published.ts';
export * from './read-metrics.ts';
export * from './run-folder.ts';
export * from './run-report.ts';
export * from './run-types.ts';
export * from './statistics.ts';
export * from './write-report.ts';
