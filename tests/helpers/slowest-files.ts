import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** A file of tests, and the milliseconds that loading and running it took. */
export interface FileTime {
  readonly file: string;
  readonly time: number;
}

const SHOWN = 10;

/** Says, before vitest's own summary, which files of tests took longest. */
export class SlowestFilesReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const text = slowestFiles(
      modules.map((module) => {
        const { setupDuration, collectDuration, duration } = module.diagnostic();
        return { file: module.relativeModuleId, time: setupDuration + collectDuration + duration };
      }),
    );
    if (text !== undefined) this.vitest?.logger.log(`\n${text}`);
  }
}

/** The ten slowest files with their seconds; nothing where there are no more than ten. */
export function slowestFiles(files: readonly FileTime[]): string | undefined {
  if (files.length <= SHOWN) return undefined;
  const sum = (some: readonly FileTime[]) => some.reduce((total, { time }) => total + time, 0);
  const slowest = files.toSorted((a, b) => b.time - a.time).slice(0, SHOWN);
  const share = Math.round((100 * sum(slowest)) / sum(files));
  const lines = slowest.map(({ file, time }) => `${(time / 1000).toFixed(1).padStart(8)} s  ${file}`);
  return [`The ${SHOWN} slowest of ${files.length} test files took ${share} % of the time:`, ...lines].join('\n');
}
