export * from './eln/eln-networks.ts';
export * from './eln/error-localizer.ts';
