import { defineVerb } from '../verb.ts';
import { analysisOptions, analyze, runPositional } from './analyze.ts';

const KIND = 'context-scale';

/** `unseen analyze context-scale`: which scale of context CaGNet's selector prefers. */
export const analyzeContextScale = defineVerb({
  positionals: { run: runPositional },
  options: analysisOptions(KIND),
  examples: [
    ['unseen analyze context-scale runs/cagnet-toy', 'writes runs/cagnet-toy/analysis/context-scale/index.html'],
    ['unseen analyze context-scale runs/cagnet-toy --images 20 --pictures 3', 'quicker'],
  ],
  async run(args, context) {
    const zeroShot = await import('@unseen/zero-shot');
    return analyze(KIND, args, context, zeroShot.analyzeContextScale);
  },
});
