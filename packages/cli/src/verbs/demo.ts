import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findExperiment } from '../experiments.ts';
import { outOption, wholeNumber } from '../options.ts';
import { duration } from '../progress.ts';
import { defineVerb } from '../verb.ts';
import { runOne } from './run.ts';

/** `unseen demo`: an ordinary run of `cagnet/toy`, always from the beginning. */
export const demo = defineVerb({
  positionals: {},
  options: {
    seed: { type: 'string', requiresArg: true, coerce: wholeNumber('seed'), describe: 'Seed of all random numbers' },
    out: outOption('Run folder (default: runs/demo)'),
  },
  examples: [
    ['unseen demo', 'a minute from nothing to a report'],
    ['unseen demo --json --seed 1', 'for scripts'],
  ],
  async run({ seed, out = join('runs', 'demo') }, context) {
    const { loadExperiment } = await import('@unseen/experiment');
    const path = await findExperiment('cagnet/toy');
    const set = seed === undefined ? [] : [`seed=${seed}`];
    const experiment = await loadExperiment(path, { methods: await context.methods(), set });
    // An earlier demo is replaced; somebody else's run is not.
    const force = (await nameOfRun(out)) === experiment.config.name;
    const { report, seconds, methods } = await runOne(experiment, { out, force }, context);
    context.terminal.print(`Time: ${duration(1000 * seconds)}`);
    return { report, seconds, methods };
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
