import { join, relative } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { standaloneSvg } from './charts.ts';
import { type CompareOptions, type Comparison, compareRuns } from './compare.ts';
import { comparisonMarkdown, comparisonPage, drawComparison } from './comparison-pages.ts';
import { embedPanels } from './embed-panels.ts';
import { drawFigures } from './figures.ts';
import { type Panel, readRunFolder } from './run-folder.ts';
import { runMarkdown } from './run-markdown.ts';
import { type EmbeddedImage, runPage } from './run-page.ts';
import { type RunReport, runReport } from './run-report.ts';

/** Files of a report. */
export interface WrittenReport<Content> {
  /** Self-contained page. */
  readonly html: string;
  readonly markdown: string;
  readonly json: string;
  readonly content: Content;
}

/**
 * Writes `index.html`, `report.md` (with `figures/*.svg`) and `report.json` for a run, or for a metrics file of any
 * tool, into `<run>/report` or `options.out`. Each file is written atomically, the page last.
 */
export async function writeReport(
  path: string,
  options: { readonly out?: string } = {},
): Promise<WrittenReport<RunReport>> {
  const run = await readRunFolder(path);
  const { out = join(run.folder, 'report') } = options;
  const { panels, images, damaged } = await embedPanels(run.panels);
  const report = runReport({ ...run, panels, missing: [...run.missing, ...damaged] });
  const drawn = await drawFigures(report);
  const page = runPage(report, drawn, (file) => images.get(file) as EmbeddedImage);
  const markdown = runMarkdown(report, drawn, out);
  return writeAll(out, { drawn, page, markdown, content: { ...report, panels: relativePanels(report.panels, out) } });
}

/** {@link compareRuns}, written like {@link writeReport} into `options.out`. */
export async function writeComparison(
  paths: readonly string[],
  options: CompareOptions & { readonly out: string },
): Promise<WrittenReport<Comparison>> {
  const compared = await compareRuns(paths, options);
  // Relative to the report, so that links survive moving it together with the runs.
  const runs = compared.runs.map((run) => ({ ...run, files: run.files.map((file) => relative(options.out, file)) }));
  const comparison: Comparison = { ...compared, runs };
  const drawn = await drawComparison(comparison);
  return writeAll(options.out, {
    drawn,
    page: comparisonPage(comparison, drawn),
    markdown: comparisonMarkdown(comparison, drawn),
    content: comparison,
  });
}

/** Paths relative to the report, so that a moved or published run still finds its pictures. */
function relativePanels(panels: readonly Panel[], out: string): Panel[] {
  return panels.map(({ id, image, truth, methods }) => ({
    id,
    image: relative(out, image),
    ...(truth ? { truth: relative(out, truth) } : {}),
    methods: Object.fromEntries(Object.entries(methods).map(([name, path]) => [name, relative(out, path)])),
  }));
}

async function writeAll<Content>(
  out: string,
  files: { drawn: readonly { name: string; svg: string }[]; page: string; markdown: string; content: Content },
): Promise<WrittenReport<Content>> {
  const paths = { html: join(out, 'index.html'), markdown: join(out, 'report.md'), json: join(out, 'report.json') };
  for (const { name, svg } of files.drawn) {
    await writeFileAtomic(join(out, 'figures', `${name}.svg`), standaloneSvg(svg));
  }
  await writeJsonAtomic(paths.json, files.content);
  await writeFileAtomic(paths.markdown, files.markdown);
  await writeFileAtomic(paths.html, files.page);
  return { ...paths, content: files.content };
}
