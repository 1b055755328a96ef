import { join, resolve } from 'node:path';
import type { AnalysisResult } from '@unseen/analysis';
import { UserError } from '@unseen/core';
import type { BackendName } from '@unseen/experiment';
import type { ContextualRun, ImageChoice } from '@unseen/zero-shot';
import { backendOption, outOption, wholeNumber } from '../options.ts';
import type { VerbContext } from '../verb.ts';

/** `RUN` of every analysis. */
export const runPositional = {
  type: 'string',
  demandOption: true,
  describe: 'Folder of a finished CaGNet run',
} as const;

/** Options of every analysis. */
export const analysisOptions = (kind: string) =>
  ({
    subset: {
      type: 'string',
      requiresArg: true,
      choices: ['train', 'val'] as const,
      default: 'val' as const,
      describe: 'Images to analyze; for train, only seen classes count',
    },
    images: {
      type: 'string',
      requiresArg: true,
      coerce: positiveCount('images'),
      describe: 'Maximum number of images, drawn at random (default: 100)',
    },
    pictures: {
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('pictures'),
      describe: 'Images to show on the page, those with unseen classes first (default: 6)',
    },
    backend: backendOption,
    out: outOption(`Folder of the page (default: <run>/analysis/${kind})`),
  }) as const;

/** Checks a whole number of at least 1 that yargs hands over as text. */
export function positiveCount(name: string): (text: unknown) => number | undefined {
  return (text) => {
    const value = wholeNumber(name)(text);
    if (value !== 0) return value;
    throw new UserError({ given: `--${name} 0`, expected: 'at least 1' });
  };
}

/** Opens the contextual module of a finished run, on its own backend or another, lets `work` with it, and closes it. */
export async function withContextualRun<T>(
  path: string,
  backend: BackendName | undefined,
  { terminal, methods }: VerbContext,
  work: (run: ContextualRun) => Promise<T>,
): Promise<T> {
  const [{ openTrainedRun }, { openContextualRun }] = await Promise.all([
    import('@unseen/experiment'),
    import('@unseen/zero-shot'),
  ]);
  const { warn } = terminal.progress;
  const trained = await openTrainedRun(path, { methods: await methods(), backend, warn });
  try {
    const run = await openContextualRun(trained);
    try {
      return await work(run);
    } finally {
      run.close();
    }
  } finally {
    trained.close();
  }
}

interface Arguments {
  readonly run: string;
  readonly subset: 'train' | 'val';
  readonly images: number | undefined;
  readonly pictures: number | undefined;
  readonly backend: BackendName | undefined;
  readonly out: string | undefined;
}

/** Runs an analysis and writes its page. */
export async function analyze(
  kind: string,
  { run: path, subset, images, pictures, backend, out }: Arguments,
  context: VerbContext,
  work: (run: ContextualRun, options: ImageChoice & { readonly pictures?: number }) => Promise<AnalysisResult>,
): Promise<object> {
  const { terminal } = context;
  const { progress } = terminal;
  const { interruptSignal } = await import('@unseen/nn');
  const { signal, release } = interruptSignal();
  try {
    const position = { index: 0, count: 1 };
    const result = await withContextualRun(path, backend, context, (run) => {
      progress.stage(kind, 'start', position);
      return work(run, {
        subset,
        ...(images !== undefined && { images }),
        ...(pictures !== undefined && { pictures }),
        onImage: progress.update.bind(progress),
        signal,
      });
    });
    progress.stage(kind, 'done', position);
    const { writeAnalysis } = await import('@unseen/report');
    const { html, json, lead } = await writeAnalysis(result, resolve(out ?? join(path, 'analysis', kind)));
    for (const warning of result.analysis.warnings) progress.warn(warning);
    terminal.print(`\n${lead.join('\n')}\n\nPage: ${html}`);
    return { page: html, file: json, images: result.analysis.images, warnings: result.analysis.warnings };
  } finally {
    release();
  }
}
