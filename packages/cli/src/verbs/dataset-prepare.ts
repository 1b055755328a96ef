import { resolve } from 'node:path';
import type { PreparedDataset } from '@unseen/data';
import { positiveWholeNumber, textOption } from '../options.ts';
import { textTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { defineVerb } from '../verb.ts';

/** `unseen dataset prepare`: official archives as the files that a dataset's YAML reads. */
export const datasetPrepare = defineVerb({
  positionals: {
    dataset: { type: 'string', demandOption: true, describe: "A name from 'unseen dataset list', or a YAML" },
  },
  options: {
    from: {
      ...textOption('from', 'Folder of the official archives, packed or unpacked'),
      demandOption: true,
    },
    to: textOption('to', 'Data folder to write to (default: the variable UNSEEN_DATA)'),
    download: { type: 'boolean', default: false, describe: 'Download missing archives to --from' },
    workers: {
      type: 'string',
      requiresArg: true,
      describe: 'Images converted in parallel (default: one per core)',
      coerce: positiveWholeNumber('workers'),
    },
  },
  examples: [
    ['unseen dataset prepare voc12 --from ~/archives --to ~/data', 'VOC 2012 with the masks of SBD'],
    ['unseen dataset prepare context --from ~/archives --to ~/data --download', 'downloads what is missing first'],
  ],
  async run({ dataset, from, to, download, workers }, { terminal }) {
    const [{ prepareDataset }, { interruptSignal }] = await Promise.all([import('@unseen/data'), import('@unseen/nn')]);
    const { signal, release } = interruptSignal();
    try {
      const prepared = await prepareDataset(dataset, {
        ...{ from: from!, to, download, workers, signal },
        progress: {
          stage: (name, event, place) => terminal.progress.stage(name, event, place),
          update: (done, total, note) => terminal.progress.update(done, total, note),
          note: (text) => terminal.note(text),
        },
      });
      describe(prepared, terminal);
      if (to !== undefined && process.env.UNSEEN_DATA !== to) {
        terminal.note(`set UNSEEN_DATA=${resolve(to)} so that other commands find the files`);
      }
      return prepared;
    } catch (error) {
      if (!signal.aborted) throw error;
      const { Interrupted } = await import('@unseen/experiment');
      throw new Interrupted('run the same command again to continue');
    } finally {
      release();
    }
  },
});

function describe(prepared: PreparedDataset, terminal: Terminal): void {
  const { root, images, reused, lists, classes, absent, unlabelledPixels, leftOut } = prepared;
  const count = (n: number) => n.toLocaleString('en-US');
  terminal.print(`${root}: ${count(images)} images${reused > 0 ? `, ${count(reused)} of them done earlier` : ''}`);
  for (const { name, images, expected } of lists) {
    const note =
      expected === undefined || expected === images ? '' : `, of ${count(expected)} in the complete archives`;
    terminal.print(`list ${name}: ${count(images)} images${note}`);
  }
  if (classes.length > 0) {
    const rows = classes.map(({ id, name, images, pixels }) => [String(id), name, String(images), String(pixels)]);
    terminal.print(textTable([['id', 'class', 'images', 'pixels'], ...rows]));
    terminal.print(`unlabelled pixels: ${count(unlabelledPixels)}`);
  }
  if (absent.length > 0) terminal.print(`classes without a pixel: ${absent.join(', ')}`);
  for (const { count: n, what, why, examples } of leftOut) {
    terminal.print(`left out: ${count(n)} ${what} (${why}): ${examples.join(', ')}${n > examples.length ? ', …' : ''}`);
  }
}
