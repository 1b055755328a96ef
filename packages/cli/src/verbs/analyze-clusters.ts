import { once, wholeNumbers } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { analysisOptions, analyze, positiveCount, runPositional } from './analyze.ts';

const KIND = 'clusters';

/** `unseen analyze clusters`: K-means of one class's features, and real beside generated features. */
export const analyzeClusters = defineVerb({
  positionals: { run: runPositional },
  options: {
    ...analysisOptions(KIND),
    class: {
      type: 'string',
      requiresArg: true,
      coerce: once('class') as (text: string | readonly string[]) => string | undefined,
      describe: 'Class to cluster (default: the unseen one with the most pixels; with --subset train, the seen one)',
    },
    k: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumbers('k'),
      describe: 'Numbers of clusters (default: 2,4,8)',
    },
    'max-pixels': {
      type: 'string',
      requiresArg: true,
      coerce: positiveCount('max-pixels'),
      describe: 'Size of the random sample to cluster (default: 3000)',
    },
  },
  examples: [
    ['unseen analyze clusters runs/cagnet-coco200 --class giraffe --k 2,3,5', 'parts of giraffes'],
    ['unseen analyze clusters runs/cagnet-toy', 'the unseen class with the most pixels'],
  ],
  async run({ class: className, k: clusters, 'max-pixels': maxPixels, ...args }, context) {
    const zeroShot = await import('@unseen/zero-shot');
    return analyze(KIND, args, context, (run, options) =>
      zeroShot.analyzeClusters(run, {
        ...options,
        ...(className !== undefined && { className }),
        ...(clusters && { clusters }),
        ...(maxPixels !== undefined && { maxPixels }),
      }),
    );
  },
});
