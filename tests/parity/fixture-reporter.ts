import type { Reporter, TestModule, Vitest } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    /** The fixture that a test ends the comparison of. */
    fixture?: string;
    /** The fixture that a test would compare if it were there. */
    absentFixture?: string;
  }
}

/** Says, before vitest's own summary, how many fixtures a run compared and which ones were not there. */
export class FixtureReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const line = fixtureLine(modules.flatMap((module) => [...module.children.allTests()]));
    if (line !== undefined) this.vitest?.logger.log(`\n${line}`);
  }
}

/** What {@link fixtureLine} reads of a test. */
interface Tested {
  meta(): { readonly fixture?: string; readonly absentFixture?: string };
  result(): { readonly state: string };
}

/** The line about the fixtures of a run; none where no test is about one. */
export function fixtureLine(tests: readonly Tested[]): string | undefined {
  const ended = tests.flatMap((test) => {
    const { fixture } = test.meta();
    const { state } = test.result();
    return fixture === undefined || (state !== 'passed' && state !== 'failed') ? [] : [{ fixture, state }];
  });
  const absent = tests.flatMap((test) => test.meta().absentFixture ?? []).sort();
  if (ended.length + absent.length === 0) return undefined;
  const partly = ended.flatMap(({ fixture, state }) => (state === 'failed' ? [fixture] : [])).sort();
  const parts = [
    `${ended.length - partly.length} compared`,
    ...(partly.length > 0 ? [`${partly.length} compared in part (${partly.join(', ')})`] : []),
    absent.length > 0 ? `${absent.length} absent (${absent.join(', ')})` : 'none absent',
  ];
  return `Parity fixtures: ${parts.join(', ')}`;
}
