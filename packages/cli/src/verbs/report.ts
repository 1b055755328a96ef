import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { commonFolder, findRuns } from '../find-runs.ts';
import { outOption } from '../options.ts';
import { figuresOf, figuresTable } from '../results.ts';
import { defineVerb } from '../verb.ts';

/** `unseen report`: pages and tables of runs. */
export const report = defineVerb({
  positionals: {
    runs: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Run folders, folders of runs, or metrics files of any tool',
    },
  },
  options: { out: outOption('Folder of the report (default: <run>/report; comparison/ beside several runs)') },
  examples: [
    ['unseen report runs/cagnet-toy', 'writes runs/cagnet-toy/report/index.html'],
    ['unseen report runs/toy-seed* --out toy', 'means and deviations over seeds'],
  ],
  async run({ runs: given, out }, { terminal }) {
    const runs = await findRuns(given);
    if (runs.length === 0) {
      throw new UserError({ given: `${given.join(', ')}: a report and no run`, expected: 'run folders' });
    }
    const { writeComparison, writeReport } = await import('@unseen/report');
    const noteMissing = (run: string, missing: readonly string[]) => {
      // Other tools have none of what a run folder holds besides.
      if (run.endsWith('.json')) return;
      for (const what of missing) terminal.progress.warn(`${run}: ${what}`);
    };
    if (runs.length === 1) {
      const { html, markdown, json, content } = await writeReport(runs[0], { ...(out ? { out } : {}) });
      noteMissing(runs[0], content.missing);
      const methods = await figuresOf(runs[0]);
      terminal.print(`${figuresTable(methods)}\n\nReport: ${html}`);
      return { report: html, markdown, json, methods };
    }
    const unreadable: { readonly run: string; readonly error: string }[] = [];
    const { html, markdown, json, content } = await writeComparison(runs, {
      out: out ?? join(commonFolder(runs), 'comparison'),
      onUnreadable: (run, { message }) => unreadable.push({ run, error: message }),
    });
    const read = runs.filter((run) => !unreadable.some((one) => one.run === run));
    for (const [i, run] of read.entries()) noteMissing(run, content.runs[i].missing);
    for (const { run, error } of unreadable) terminal.progress.warn(`${run} is left out: ${error}`);
    if (unreadable.length > 0) terminal.exitCode = 1;
    terminal.print(`Comparison${unreadable.length > 0 ? ` of ${read.length} of ${runs.length} runs` : ''}: ${html}`);
    return { report: html, markdown, json, ...(unreadable.length > 0 && { unreadable }) };
  },
});
