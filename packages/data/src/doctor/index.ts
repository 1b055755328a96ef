export type { ContactPicture, EncodedPicture } from './contact-picture.ts';
export { UNKNOWN_COLOR } from './contact-picture.ts';
export * from './examine.ts';
export type { ExaminedSplit } from './facts.ts';
export type { Finding, Severity } from './finding.ts';
export * from './report.ts';
