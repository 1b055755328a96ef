import { UserError } from '@unseen/core';
import type { DoctorReport, Finding } from '@unseen/data';
import { outOption, textOption, wholeNumber } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** Rows up to which the histogram is printed. */
const SHORT = 40;

/** Images of each subset on the page. */
const PICTURES = 12;

/** `unseen dataset doctor`: what is wrong with a dataset. */
export const datasetDoctor = defineVerb({
  positionals: {
    dataset: { type: 'string', demandOption: true, describe: 'Name of a dataset, or its YAML' },
  },
  options: {
    root: textOption('root', 'Folder of the images and masks, instead of the one in the YAML'),
    split: textOption('split', 'Seen/unseen split (default: default)'),
    out: outOption('Folder for a page with overlays (index.html) and doctor.json'),
    sample: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('sample'),
      describe: `Images of each subset on the page (default: ${PICTURES})`,
    },
    quick: {
      type: 'boolean',
      default: false,
      describe: 'Read only the headers of image files: finds no damage and no near-duplicates',
    },
    strict: { type: 'boolean', default: false, describe: 'Fail on warnings too' },
  },
  examples: [
    ['unseen dataset doctor voc12', 'errors, warnings and notes; exits with 1 on errors'],
    ['unseen dataset doctor my/animals.yaml --out animals-doctor', 'with a contact sheet, animals-doctor/index.html'],
    ['unseen dataset doctor pascal --split unseen4 --strict --json', ''],
  ],
  async run({ dataset, root, split, out, sample, quick, strict }, { terminal }) {
    if (sample !== undefined && out === undefined) {
      throw new UserError({ given: '--sample without --out', remedy: 'name a folder for the page with --out' });
    }
    const { examineDataset } = await import('@unseen/data');
    const { progress } = terminal;
    progress.stage('examine', 'start', { index: 0, count: 1 });
    const { report, pictures } = await examineDataset(dataset, {
      ...(root !== undefined && { root }),
      ...(split !== undefined && { split }),
      quick,
      onImage: (done, total, id) => progress.update(done, total, id),
    });
    progress.stage('examine', 'done', { index: 0, count: 1 });
    terminal.print(describe(report));
    if (report.errors > 0 || (strict && report.warnings > 0)) terminal.exitCode = 1;
    if (out === undefined) return report;
    const { writeContactSheet } = await import('@unseen/report');
    const written = await writeContactSheet(report, await pictures(sample ?? PICTURES), out);
    terminal.print(`\nContact sheet: ${written.html}`);
    return { ...report, written };
  },
});

function describe(report: DoctorReport): string {
  const { dataset, split, subsets, values, findings, errors, warnings, notes } = report;
  const head = `${dataset}, split ${split.name}: ${split.seen.length} seen and ${split.unseen.length} unseen classes; ${subsets.train.images} training and ${subsets.val.images} test images`;
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  return [
    head,
    unlabelledShares(report),
    values.length > SHORT ? `${values.length} mask values; --out and --json have their histogram` : histogram(report),
    ...findings.map(describeFinding),
    errors + warnings + notes === 0
      ? 'no problems found'
      : [count(errors, 'error'), count(warnings, 'warning'), count(notes, 'note')].join(', '),
  ].join('\n\n');
}

function describeFinding({ check, severity, found, count, examples, why, fix }: Finding): string {
  const more =
    examples.length > 0 && count > examples.length
      ? [`    and ${(count - examples.length).toLocaleString('en')} more`]
      : [];
  return [
    `${severity} ${check}: ${found}`,
    ...examples.map((example) => `    ${example}`),
    ...more,
    `  why: ${why}`,
    `  → ${fix}`,
  ].join('\n');
}

function unlabelledShares({ values }: DoctorReport): string {
  const share = (subset: 'train' | 'val') => {
    const pixels = (rows: typeof values) => rows.reduce((sum, row) => sum + row[subset].pixels, 0);
    const all = pixels(values);
    return all === 0
      ? '–'
      : ((100 * pixels(values.filter(({ meaning }) => meaning === 'unlabelled'))) / all).toFixed(1);
  };
  return `unlabelled: ${share('train')} % of the pixels of training masks, ${share('val')} % of test masks`;
}

function histogram({ values }: DoctorReport): string {
  const rows = values.map(({ value, meaning, name, group, train, val }) => [
    `${value}`,
    name ?? meaning,
    group ?? '',
    ...[train.pixels, train.images, val.pixels, val.images].map(String),
  ]);
  return textTable([['value', 'class', 'group', 'train pixels', 'images', 'val pixels', 'images'], ...rows]);
}
