import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { setOption } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { runOne } from './run.ts';

/** `unseen evaluate`: the evaluation of a finished run once more. */
export const evaluate = defineVerb({
  positionals: { run: { type: 'string', demandOption: true, describe: 'Run folder' } },
  options: { set: setOption },
  examples: [
    ['unseen evaluate runs/cagnet-toy --set evaluate.resolution=feature', 'the same model on the feature grid'],
  ],
  async run({ run, set }, context) {
    const { loadExperiment } = await import('@unseen/experiment');
    const path = join(run, 'config.yaml');
    if (!existsSync(path)) {
      throw new UserError({
        given: `${run} is no run folder`,
        expected: 'a folder that holds config.yaml',
        remedy: "make one with 'unseen run'",
      });
    }
    const experiment = await loadExperiment(path, { methods: await context.methods(), set });
    return runOne(experiment, { out: run, resume: true, from: 'evaluate' }, context);
  },
});
