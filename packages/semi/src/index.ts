export { ElnNetworks, type ElnNetworksOptions } from './eln/eln-networks.ts';
export {
  ErrorLocalizer,
  type ErrorLocalizerOptions,
  localizerInput,
  type PredictionForm,
} from './eln/error-localizer.ts';
