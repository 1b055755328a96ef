import { join, resolve } from 'node:path';
import { UserError } from '@unseen/core';
import type { Experiment, Shard } from '@unseen/experiment';
import { printDryRun } from '../dry-run.ts';
import { findExperiment } from '../experiments.ts';
import {
  backendOption,
  outOption,
  positiveWholeNumber,
  setOption,
  shardOf,
  wholeNumber,
  wholeNumbers,
  withBackend,
} from '../options.ts';
import { type RunResult, reportRun } from '../results.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

/** `unseen run`: all stages of an experiment, once or with several seeds. */
export const run = defineVerb({
  positionals: {
    experiment: { type: 'string', demandOption: true, describe: 'YAML file, or the name of one such as cagnet/toy' },
  },
  options: {
    set: setOption,
    backend: backendOption,
    threads: {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('threads'),
      describe: 'Threads that compute; the same number gives the same bits (default: all cores)',
    },
    out: outOption('Run folder (default: runs/<name>)'),
    resume: { type: 'boolean', default: false, describe: 'Continue an interrupted run' },
    force: { type: 'boolean', default: false, describe: 'Discard an earlier run in the folder' },
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'Only check files, classes and shapes, and estimate memory and time',
    },
    shard: {
      type: 'string',
      requiresArg: true,
      coerce: shardOf as (text: unknown) => Shard | undefined,
      describe: 'Process only a part of the next per-image stage, such as 2/8; finish with --resume',
    },
    seed: { type: 'string', requiresArg: true, coerce: wholeNumber('seed'), describe: 'Seed of all random numbers' },
    seeds: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumbers('seeds'),
      describe: 'Several runs, into <out>-seed0, …: --seeds 0,1,2',
    },
  },
  examples: [
    ['unseen run cagnet/toy --set train.iterations=200', 'a bundled experiment, shortened'],
    ['unseen run my.yaml --out runs/mine --resume', 'continue after an interruption'],
    ['unseen run my.yaml --backend webgpu', 'on the GPU'],
    ['unseen run my.yaml --seeds 0,1,2', 'three runs and their comparison'],
    ['unseen run my.yaml --shard 2/8', "one of eight processes that share a stage's images"],
    ['unseen run cagnet/voc12 --dry-run', 'what is missing and what it would cost'],
  ],
  async run({ experiment, backend, out, resume, force, shard, seed, seeds, 'dry-run': dry, ...options }, context) {
    const { threads } = options;
    const set = [...withBackend(options.set, backend), ...(threads === undefined ? [] : [`threads=${threads}`])];
    if (seed !== undefined && seeds !== undefined) {
      throw new UserError({ given: '--seed and --seeds together', expected: 'one of them' });
    }
    if (shard && seeds) throw new UserError({ given: '--shard and --seeds together', expected: 'one of them' });
    const { loadExperiment } = await import('@unseen/experiment');
    const path = await findExperiment(experiment);
    const methods = await context.methods();
    const load = (value: number | undefined) =>
      loadExperiment(path, { methods, set: value === undefined ? set : [...set, `seed=${value}`] });
    if (dry) return printDryRun(await load(seed), context.terminal);
    if (seeds === undefined) {
      const loaded = await load(seed);
      const folder = out ?? join('runs', loaded.config.name);
      if (shard) return runShard(loaded, folder, shard, context);
      return runOne(loaded, { out: folder, resume, force }, context);
    }
    const first = await load(seeds[0]);
    const base = out ?? join('runs', first.config.name);
    const runs = [];
    for (const value of seeds) {
      context.terminal.note(`seed ${value}`);
      const options = { out: `${base}-seed${value}`, resume, force };
      runs.push({ seed: value, ...(await runOne(await load(value), options, context)) });
    }
    if (runs.some(({ report }) => report === null)) return { runs };
    const { writeComparison } = await import('@unseen/report');
    const { html } = await writeComparison(
      runs.map((one) => one.run),
      { out: resolve(`${base}-seeds`) },
    );
    context.terminal.print(`\nComparison of the seeds: ${html}`);
    return { runs, comparison: html };
  },
});

/** Does a part of the images of the next stage; a run without a shard finishes the stage. */
async function runShard(experiment: Experiment, out: string, shard: Shard, { terminal }: VerbContext) {
  const [{ runExperiment }, { interruptSignal }] = await Promise.all([
    import('@unseen/experiment'),
    import('@unseen/nn'),
  ]);
  const { signal, release } = interruptSignal();
  const options = { out, shard, progress: terminal.progress, signal };
  const run = await runExperiment(experiment, options).finally(release);
  const { index, count } = shard;
  terminal.print(
    `Part ${index} of ${count} is done. When all are: unseen run ${experiment.files[0]} --out ${out} --resume`,
  );
  return { run, shard };
}

/** Runs an experiment, writes its report and, unless `silent`, prints its table. */
export async function runOne(
  experiment: Experiment,
  options: {
    readonly out: string;
    readonly resume?: boolean;
    readonly force?: boolean;
    readonly from?: string;
    readonly silent?: boolean;
  },
  { terminal }: VerbContext,
): Promise<RunResult & { readonly run: string; readonly seconds: number }> {
  const began = performance.now();
  const [{ runExperiment }, { interruptSignal }] = await Promise.all([
    import('@unseen/experiment'),
    import('@unseen/nn'),
  ]);
  const { signal, release } = interruptSignal();
  const folder = await runExperiment(experiment, { ...options, progress: terminal.progress, signal }).finally(release);
  const result = await reportRun(folder, options.silent ? undefined : terminal);
  return { run: folder, report: result.report, seconds: secondsSince(began), methods: result.methods };
}

/** Seconds to the millisecond. */
export function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000;
}
