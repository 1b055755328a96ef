import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { findExperiment } from '../experiments.ts';
import { backendOption, outOption, wholeNumber, withBackend } from '../options.ts';
import { duration } from '../progress.ts';
import { figuresTable, type RunResult } from '../results.ts';
import { defineVerb } from '../verb.ts';
import { runOne, secondsSince } from './run.ts';

/** What is compared: the run's folder, and its experiment. */
const RUNS = { spnet: 'spnet/toy', zs3net: 'zs3net/toy', cagnet: 'cagnet/toy-self-training' } as const;

/** The methods of the comparison, baseline first; each is taken from the last run that has it. */
const METHODS = ['seen-only', 'spnet', 'spnet-c', 'zs3net', 'cagnet', 'cagnet-st'] as const;

/** `unseen demo`: ordinary runs of every zero-shot method on the toy dataset, always from the beginning, and their comparison. */
export const demo = defineVerb({
  positionals: {},
  options: {
    seed: { type: 'string', requiresArg: true, coerce: wholeNumber('seed'), describe: 'Seed of all random numbers' },
    backend: backendOption,
    quick: { type: 'boolean', default: false, describe: 'Run every stage very briefly; the numbers are meaningless' },
    out: outOption('Folder of the runs and their comparison (default: runs/demo)'),
  },
  examples: [
    ['unseen demo', 'a comparison of methods in about a minute'],
    ['unseen demo --json --seed 1', 'for scripts'],
  ],
  async run({ seed, backend, quick, out = join('runs', 'demo') }, context) {
    const began = performance.now();
    const { loadExperiment } = await import('@unseen/experiment');
    const methods = await context.methods();
    const set = withBackend(seed === undefined ? [] : [`seed=${seed}`], backend);
    const folders: string[] = [];
    let found: RunResult['methods'] = {};
    for (const [name, file] of Object.entries(RUNS)) {
      const experiment = await loadExperiment(await findExperiment(quick ? `${file}-instant` : file), { methods, set });
      const folder = join(out, name);
      // An earlier demo is replaced; somebody else's run is not.
      const force = (await nameOfRun(folder)) === experiment.config.name;
      context.terminal.note(`${experiment.config.name}: ${experiment.method.summary}`);
      const result = await runOne(experiment, { out: folder, force, silent: true }, context);
      folders.push(folder);
      found = { ...found, ...result.methods };
    }
    const { writeComparison } = await import('@unseen/report');
    const { html } = await writeComparison(folders, { out: resolve(out, 'comparison') });
    const compared = Object.fromEntries(METHODS.map((name) => [name, found[name]]));
    const seconds = secondsSince(began);
    const last = folders[folders.length - 1];
    context.terminal.print(
      `\n${figuresTable(compared)}\n\nComparison: ${html}\nRuns: ${folders.join(', ')}\nTime: ${duration(1000 * seconds)}\n\nNext: unseen predict ${last} photo.jpg, or unseen analyze clusters ${last}`,
    );
    return { report: html, runs: folders, seconds, methods: compared };
  },
});

async function nameOfRun(folder: string): Promise<unknown> {
  try {
    return (parse(await readFile(join(folder, 'config.yaml'), 'utf8')) as { name?: unknown } | null)?.name;
  } catch {
    // No run, or none that can be read: opening the folder will tell.
    return undefined;
  }
}
