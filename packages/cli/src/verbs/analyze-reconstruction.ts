import { defineVerb } from '../verb.ts';
import { analysisOptions, analyze, runPositional } from './analyze.ts';

const KIND = 'reconstruction';

/** `unseen analyze reconstruction`: how far regenerated features are from the real ones. */
export const analyzeReconstruction = defineVerb({
  positionals: { run: runPositional },
  options: analysisOptions(KIND),
  examples: [
    ['unseen analyze reconstruction runs/cagnet-toy', 'with and without the latent code, seen and unseen classes'],
    ['unseen analyze reconstruction runs/cagnet-toy --subset train --json', 'on training images, seen classes alone'],
  ],
  async run(args, context) {
    const zeroShot = await import('@unseen/zero-shot');
    return analyze(KIND, args, context, zeroShot.analyzeReconstruction);
  },
});
