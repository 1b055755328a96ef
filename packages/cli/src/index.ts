export { type MainOptions, main } from './main.ts';
export type { Output } from './terminal.ts';
