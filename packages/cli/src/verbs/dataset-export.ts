import { positiveWholeNumber, textOption, wholeNumber } from '../options.ts';
import { defineVerb } from '../verb.ts';

/** `unseen dataset export`: any dataset as the files of a layout. */
export const datasetExport = defineVerb({
  positionals: {
    dataset: { type: 'string', demandOption: true, describe: 'Name of a dataset, or its YAML' },
  },
  options: {
    layout: {
      ...textOption('layout', 'folder, voc, cityscapes, coco-panoptic or coco-instances'),
      demandOption: true,
    },
    to: { ...textOption('to', 'Folder to write; new or empty'), demandOption: true },
    root: textOption('root', 'Folder of the images and masks, instead of the one in the YAML'),
    instances: {
      type: 'boolean',
      default: true,
      describe: 'Write objects, where the dataset has them (--no-instances: never)',
    },
    first: {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('first'),
      describe: 'Export only this many images of each subset',
    },
    seed: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('seed'),
      describe: 'Seed of generated datasets (default: 0)',
    },
  },
  examples: [
    [
      'unseen dataset export toy-scenes --layout voc --to toy-voc --first 20',
      'then: unseen dataset doctor toy-voc/dataset.yaml',
    ],
    ['unseen dataset export voc07 --layout coco-instances --to voc07-coco', 'objects as run lengths'],
  ],
  async run({ dataset: name, layout, to, root, instances, first, seed = 0 }, { terminal }) {
    const [{ exportDataset, LAYOUTS, openDataset }, { didYouMean, SeedTree, UserError }] = await Promise.all([
      import('@unseen/data'),
      import('@unseen/core'),
    ]);
    const chosen = LAYOUTS.find((one) => one === layout);
    if (chosen === undefined) {
      throw new UserError({
        given: `--layout '${layout}'`,
        expected: `one of: ${LAYOUTS.join(', ')}`,
        ...didYouMean(layout!, LAYOUTS),
      });
    }
    const whole = await openDataset(name, { seeds: new SeedTree(seed), ...(root !== undefined && { root }) });
    const dataset = { ...whole, train: whole.train.slice(0, first), val: whole.val.slice(0, first) };
    terminal.progress.stage('export', 'start', { index: 0, count: 1 });
    const written = await exportDataset(dataset, {
      ...{ layout: chosen, folder: to!, instances },
      onImage: (done, total, id) => terminal.progress.update(done, total, id),
    });
    terminal.progress.stage('export', 'done', { index: 0, count: 1 });
    const { images, objects, yaml } = written;
    terminal.print(`${yaml}: ${images.train} training and ${images.val} test images as ${chosen}`);
    if (objects.written > 0) terminal.print(`objects of ${objects.written} images`);
    if (objects.left > 0) terminal.print(`without the objects of ${objects.left} images`);
    return written;
  },
});
