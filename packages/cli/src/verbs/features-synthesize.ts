import { basename, extname, join, resolve } from 'node:path';
import { backendOption, once, outOption, textsOption, wholeNumber } from '../options.ts';
import { defineVerb } from '../verb.ts';
import { positiveCount, runPositional, withContextualRun } from './analyze.ts';

/** `unseen features synthesize`: pixel features of any class vector, in the context of an image or of none. */
export const featuresSynthesize = defineVerb({
  positionals: { run: runPositional },
  options: {
    class: {
      ...textsOption('Name of a class of the run or of its class table, or in the files of --vectors (repeatable)'),
      demandOption: true,
    },
    image: {
      type: 'string',
      requiresArg: true,
      coerce: once('image') as (text: string | readonly string[]) => string | undefined,
      describe: 'Image whose context the features are made in, position by position',
    },
    count: {
      type: 'string',
      requiresArg: true,
      coerce: positiveCount('count'),
      describe:
        'Features of each class (default: 1000); with --image: maps drawn from z ~ N(μ, σ²), not one with z = μ',
    },
    vectors: textsOption(
      'For names that the class table lacks: word-vector text files to concatenate, or one table (.arrow) (repeatable)',
    ),
    seed: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('seed'),
      describe: 'Of the noise (default: 0)',
    },
    backend: backendOption,
    out: outOption('Arrow file (default: <run>/synthetic/<image or noise>.arrow)'),
  },
  examples: [
    ['unseen features synthesize runs/cagnet-coco200 --class giraffe --count 5000', '5000 features of giraffes'],
    [
      'unseen features synthesize runs/cagnet-coco200 --class giraffe --image zoo.jpg',
      'one for each position of zoo.jpg',
    ],
  ],
  async run({ run: path, class: names, image: file, count, vectors: files, seed, backend, out }, context) {
    const [{ decodeImage }, { namedVectors, writeSyntheticFeatures }] = await Promise.all([
      import('@unseen/data'),
      import('@unseen/zero-shot'),
    ]);
    const id = file === undefined ? 'noise' : basename(file, extname(file));
    const target = resolve(out ?? join(path, 'synthetic', `${id}.arrow`));
    const written = await withContextualRun(path, backend, context, async (run) => {
      const classes = await namedVectors(run, names, files);
      const image = file === undefined ? undefined : { id, image: await decodeImage(file) };
      return writeSyntheticFeatures(run, target, {
        classes,
        ...(image && { image }),
        ...(count !== undefined && { count }),
        ...(seed !== undefined && { seed }),
      });
    });
    const { maps, height, width, channels } = written;
    const features = names.length * maps * height * width;
    context.terminal.print(
      `${target}: ${features.toLocaleString('en')} features of ${channels} channels, ` +
        `${names.length} × ${maps} maps of ${height}×${width}`,
    );
    return { file: target, classes: names, features, ...written };
  },
});
