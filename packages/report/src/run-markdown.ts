import { relative } from 'node:path';
import type { DrawnFigure } from './figures.ts';
import { displayName, duration, FIGURE_TITLES, figure } from './format.ts';
import { bullets, cell, link, markdownTable, prose } from './markdown.ts';
import { PANEL_NOTE, type RunReport } from './run-report.ts';
import { FIGURES } from './run-types.ts';
import { UNSEEN_NOTE, unseenOf } from './unseen-figures.ts';

/** The report of a run as Markdown in `folder`, next to `figures/<name>.svg`. */
export function runMarkdown(report: RunReport, drawn: readonly DrawnFigure[], folder: string): string {
  const { methods, published } = report;
  const methodRows = methods.flatMap((method) => {
    const paper = published.find((entry) => entry.method === method.name)?.found?.result;
    return [
      [displayName(method.name), ...FIGURES.map((name) => figure(method[name]))],
      ...(paper ? [[`${paper.label} (paper)`, ...FIGURES.map((name) => figure(paper[name]))]] : []),
    ];
  });
  const differences = published.flatMap(({ method, found }) =>
    found && found.differences.length > 0
      ? [
          `${displayName(method)} and the paper's ${found.result.label} are NOT comparable: ${found.differences.join('; ')}.`,
        ]
      : [],
  );
  const ofUnseen = unseenOf(methods);
  const panelMethods = methods.map(({ name }) => name);
  const parts = [
    `# ${prose(report.run)}`,
    report.seconds !== undefined && `${duration(report.seconds)} in all.`,
    report.warnings.length > 0 && `**Before you read the numbers:**\n\n${bullets(report.warnings)}`,
    report.missing.length > 0 && `Missing in the run folder:\n\n${bullets(report.missing)}`,
    '## Results',
    markdownTable(['method', ...FIGURES.map((name) => FIGURE_TITLES[name])], methodRows),
    'Values in [0, 1]; – means undefined, not 0.',
    differences.length > 0 && bullets(differences.map((text) => `⚠ ${text}`)),
    ofUnseen && `### Unseen classes\n\n${markdownTable(ofUnseen.head, ofUnseen.rows)}\n\n${UNSEEN_NOTE}`,
    report.notes.length > 0 && bullets(report.notes),
    figures(drawn, 'transfer'),
    report.panels.length > 0 &&
      `## Pictures\n\n${PANEL_NOTE}\n\n${markdownTable(
        ['image', 'ground truth', ...panelMethods.map(displayName)],
        report.panels.map(({ id, image, truth, methods: predictions }) =>
          [
            image,
            truth,
            ...panelMethods.map((name) => (Object.hasOwn(predictions, name) ? predictions[name] : undefined)),
          ].map((path, i) => (path ? link(i === 0 ? id : '', relative(folder, path)) : '')),
        ),
        true,
      )}`,
    '## Classes',
    figures(drawn, 'classes'),
    markdownTable(
      ['class', 'group', 'support', ...methods.map(({ name }) => `IoU, ${displayName(name)}`)],
      methods[0].perClass.map(({ id, name, group, support }) => [
        name,
        group,
        String(support),
        ...methods.map((method) => figure(method.perClass.find((row) => row.id === id)?.iou ?? null)),
      ]),
    ),
    drawn.some(({ section }) => section === 'confusion') && `## Confusion\n\n${figures(drawn, 'confusion')}`,
    drawn.some(({ section }) => section === 'training') && `## Training\n\n${figures(drawn, 'training')}`,
    '## Protocol',
    markdownTable(
      ['topic', 'words'],
      report.protocol.map(({ topic, text }) => [topic, text]),
    ),
    report.settings.length > 0 &&
      `## Settings\n\n${markdownTable(
        ['setting', 'value'],
        [...report.settings, ...report.environment].map(({ key, value }) => [key, value]),
      )}`,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function figures(drawn: readonly DrawnFigure[], where: DrawnFigure['section']): string {
  return drawn
    .filter(({ section }) => section === where)
    .map(({ name, title, caption, alt }) =>
      [`### ${cell(title)}`, link(alt, `figures/${name}.svg`), cell(caption)].filter(Boolean).join('\n\n'),
    )
    .join('\n\n');
}
