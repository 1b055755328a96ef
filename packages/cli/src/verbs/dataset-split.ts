import { outOption, textOption, wholeNumber } from '../options.ts';
import { defineVerb } from '../verb.ts';

/** `unseen dataset split`: the training images as a labelled and an unlabelled list. */
export const datasetSplit = defineVerb({
  positionals: {
    dataset: { type: 'string', demandOption: true, describe: 'Name of a dataset, or its YAML' },
  },
  options: {
    labelled: {
      ...textOption('labelled', 'Training images that keep their labels: a fraction such as 1/8, or a number'),
      demandOption: true,
    },
    seed: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('seed'),
      describe: 'Seed (default: 0); with the same seed, smaller lists are contained in larger ones',
    },
    root: textOption('root', 'Folder of the images and masks, instead of the one in the YAML'),
    out: { ...outOption('Folder for labelled.txt and unlabelled.txt'), demandOption: true },
  },
  examples: [
    ['unseen dataset split voc12 --labelled 1/8 --seed 0 --out voc12-eighth', '1,322 labelled images of 10,582'],
    ['unseen dataset split cityscapes --labelled 371 --out cityscapes-371', ''],
  ],
  async run({ dataset: name, labelled, seed = 0, root, out }, { terminal }) {
    const [{ nestedSubsets, openDataset }, { SeedTree, writeFileAtomic, UserError }, { join }] = await Promise.all([
      import('@unseen/data'),
      import('@unseen/core'),
      import('node:path'),
    ]);
    const [, part, whole] = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(labelled!) ?? [];
    if (part === undefined || Number(whole ?? 1) === 0) {
      throw new UserError({
        given: `--labelled '${labelled}'`,
        expected: 'a fraction such as 1/8, or a number of images',
      });
    }
    const size = whole === undefined ? { counts: [Number(part)] } : { fractions: [Number(part) / Number(whole)] };
    const { train } = await openDataset(name, { ...(root !== undefined && { root }) });
    const ids = train.map(({ id }) => id);
    const [subset] = nestedSubsets(ids, { ...size, seeds: new SeedTree(seed) });
    const paths = { labelled: join(out!, 'labelled.txt'), unlabelled: join(out!, 'unlabelled.txt') };
    for (const kind of ['labelled', 'unlabelled'] as const) {
      await writeFileAtomic(paths[kind], subset[kind].map((id) => `${id}\n`).join(''));
      terminal.print(`${paths[kind]}: ${subset[kind].length} of the ${ids.length} training images`);
    }
    return { seed, ...paths, images: { labelled: subset.labelled.length, unlabelled: subset.unlabelled.length } };
  },
});
