import { resolve } from 'node:path';
import { backendOption, crfOption, outOption, positiveNumbers, setOption, withBackend } from '../options.ts';
import { figuresTable, pickAll, uncovered } from '../results.ts';
import { defineVerb, type VerbContext } from '../verb.ts';
import { runOne, secondsSince } from './run.ts';

/** `unseen evaluate`: the evaluation of a finished run once more, or under other test-time options. */
export const evaluate = defineVerb({
  positionals: { run: { type: 'string', demandOption: true, describe: 'Run folder' } },
  options: {
    set: setOption,
    backend: backendOption,
    resolution: {
      type: 'string',
      requiresArg: true,
      choices: ['feature', 'warp', 'original'] as const,
      describe: 'Resolution at which predictions are scored',
    },
    flip: { type: 'boolean', default: false, describe: 'Average with mirrored images' },
    scales: {
      type: 'string',
      requiresArg: true,
      coerce: positiveNumbers('scales'),
      describe: "Average over sizes of the input relative to the run's: --scales 1,0.75",
    },
    crf: crfOption,
    out: outOption('With these options: the metrics file (default: <run>/metrics.<options>.json)'),
  },
  examples: [
    ['unseen evaluate runs/cagnet-toy --flip --scales 1,0.75', "next to the run's own metrics, which are kept"],
    ['unseen evaluate runs/cagnet-toy --set evaluate.resolution=feature', "replaces the run's metrics"],
  ],
  async run({ run, backend, ...options }, context) {
    const { resolution, flip, scales, crf, out } = options;
    const set = withBackend(options.set, backend);
    // What the run itself has evaluated belongs to its own backend.
    if (resolution || flip || scales || crf || out || backend) return evaluateAnew({ ...options, run, set }, context);
    const { loadExperiment, runConfigPath } = await import('@unseen/experiment');
    const experiment = await loadExperiment(runConfigPath(run), { methods: await context.methods(), set });
    return runOne(experiment, { out: run, resume: true, from: 'evaluate' }, context);
  },
});

interface Options {
  readonly run: string;
  readonly set: string[];
  readonly resolution: 'feature' | 'warp' | 'original' | undefined;
  readonly flip: boolean;
  readonly scales: number[] | undefined;
  readonly crf: string | undefined;
  readonly out: string | undefined;
}

async function evaluateAnew({ run, set, resolution, flip, scales, crf, out }: Options, context: VerbContext) {
  const began = performance.now();
  const [{ evaluateRun, openTrainedRun }, { interruptSignal }] = await Promise.all([
    import('@unseen/experiment'),
    import('@unseen/nn'),
  ]);
  const { terminal } = context;
  const { progress } = terminal;
  const trained = await openTrainedRun(run, { methods: await context.methods(), set, warn: progress.warn });
  const { signal, release } = interruptSignal();
  try {
    const position = { index: 0, count: 1 };
    progress.stage('evaluate', 'start', position);
    const { path, methods } = await evaluateRun(trained, {
      ...(resolution && { resolution }),
      flip,
      ...(scales && { scales }),
      ...(crf !== undefined && { crf }),
      ...(out !== undefined && { out }),
      onImage: progress.update.bind(progress),
      signal,
    });
    progress.stage('evaluate', 'done', position);
    const figures = pickAll(methods);
    const [first] = Object.values(methods);
    terminal.print(`\n${figuresTable(figures)}${first ? uncovered(first.perClass) : ''}\n\nMetrics: ${path}`);
    return { run: resolve(run), metrics: path, seconds: secondsSince(began), methods: figures };
  } finally {
    release();
    trained.close();
  }
}
