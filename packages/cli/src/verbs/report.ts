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
      describe: 'Run folders, or metrics files of any tool',
    },
  },
  options: { out: outOption('Folder of the report (default: <run>/report; comparison/ for several runs)') },
  examples: [
    ['unseen report runs/cagnet-toy', 'writes runs/cagnet-toy/report/index.html'],
    ['unseen report runs/toy-seed* --out toy', 'means and deviations over seeds'],
  ],
  async run({ runs, out }, { terminal }) {
    const { writeComparison, writeReport } = await import('@unseen/report');
    if (runs.length === 1) {
      const { html, markdown, json } = await writeReport(runs[0], { ...(out ? { out } : {}) });
      const methods = await figuresOf(runs[0]);
      terminal.print(`${figuresTable(methods)}\n\nReport: ${html}`);
      return { report: html, markdown, json, methods };
    }
    const { html, markdown, json } = await writeComparison(runs, { out: out ?? 'comparison' });
    terminal.print(`Comparison: ${html}`);
    return { report: html, markdown, json };
  },
});
