import type { ZeroShotConfig } from '@unseen/zero-shot';
import { backendOption, outOption, setOption, textsOption, wholeNumber, withBackend } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { runOne } from './run.ts';

/** `unseen extend`: a new run that knows classes which an old one has never heard of. */
export const extend = defineVerb({
  positionals: {
    run: { type: 'string', demandOption: true, describe: 'Run folder; nothing in it is changed' },
  },
  options: {
    class: { ...textsOption('Name of a new class (repeatable)'), demandOption: true },
    vectors: textsOption(
      "Files of word vectors (text, word2vec's or fastText's .bin, .ftz), as many as the run's class table was made from, or a class table (.arrow), for names that the run's own table lacks",
    ),
    set: setOption,
    backend: backendOption,
    out: outOption('Folder of the new run (default: <run>-<names>)'),
    seed: { type: 'string', requiresArg: true, coerce: wholeNumber('seed'), describe: 'Seed of all random numbers' },
    resume: { type: 'boolean', default: false, describe: 'Continue an interrupted new run' },
    force: { type: 'boolean', default: false, describe: 'Discard an earlier run in the new folder' },
  },
  examples: [
    ['unseen extend runs/cagnet-coco200 --class zebra', "a class of the run's word-vector table"],
    ['unseen extend runs/mine --class okapi --vectors crawl-300d-2M.vec GoogleNews.bin --out runs/okapi', 'any word'],
  ],
  async run({ run, class: names, vectors, set, backend, out, seed, resume, force }, context) {
    const { extendedExperiment } = await import('@unseen/zero-shot');
    const experiment = await extendedExperiment(run, {
      names,
      methods: await context.methods(),
      set: withBackend(seed === undefined ? set : [...set, `seed=${seed}`], backend),
      ...(vectors && { vectors }),
    });
    const folder = out ?? `${run.replace(/[/\\]+$/, '')}-${names.join('-').replaceAll(/[^\w.-]/g, '_')}`;
    const result = await runOne(experiment, { out: folder, resume, force }, context);
    const { extend } = experiment.config as unknown as ZeroShotConfig;
    return { classes: extend?.classes.map(({ id, name }) => ({ id, name })), ...result };
  },
});
