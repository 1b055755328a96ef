import type { DrawnFigure } from './figures.ts';
import { displayName, duration, FIGURE_TITLES, figure, signed } from './format.ts';
import { Html, html } from './html.ts';
import { alarm, notes, page, table, wordTable } from './page.ts';
import { PANEL_NOTE, type RunReport } from './run-report.ts';
import { FIGURES, type Figure, type LegendEntry } from './run-types.ts';
import { UNSEEN_NOTE, unseenOf } from './unseen-figures.ts';

/** An embedded picture. */
export interface EmbeddedImage {
  readonly uri: string;
  readonly width: number;
  readonly height: number;
}

/** The report of a run as one self-contained page. `image` returns the pictures of the panels by path. */
export function runPage(
  report: RunReport,
  drawn: readonly DrawnFigure[],
  image: (path: string) => EmbeddedImage,
): string {
  const body = html`<h1>${report.run}</h1>
<p class="soft">${subtitle(report)}</p>
${cards(report)}
${alarm(report.warnings)}
${missing(report)}
<section><h2>Results</h2>${results(report)}${ofUnseen(report)}${figures(drawn, 'transfer')}</section>
${report.panels.length > 0 && html`<section><h2>Pictures</h2>${pictures(report, image)}</section>`}
<section><h2>Classes</h2>${figures(drawn, 'classes')}${classTable(report)}</section>
${section(drawn, 'confusion', 'Confusion', 'Rows are ground truth and sum to 1. Blue is correct, orange is wrong, and darker means more; shares below 0.5 % are blank. * marks unseen classes.')}
${section(drawn, 'training', 'Training', '')}
<section><h2>Protocol</h2>${wordTable(report.protocol.map(({ topic, text }) => [topic, text] as const))}</section>
<section><h2>Settings</h2>${
    report.settings.length > 0
      ? html`<details><summary>${report.settings.length} resolved settings</summary>${pairs(report.settings)}</details>`
      : html`<p>Not recorded.</p>`
  }${
    report.environment.length > 0 &&
    html`<details><summary>Machine and versions</summary>${pairs(report.environment)}</details>`
  }</section>`;
  return page(`${report.run} · unseen`, body);
}

function subtitle({ protocol, seconds }: RunReport): string {
  const topic = (name: string) => protocol.find((entry) => entry.topic === name)?.text;
  const time = seconds === undefined ? undefined : `${duration(seconds)} in all`;
  return [topic('dataset'), topic('backbone'), time].filter((text) => text !== undefined).join(' · ');
}

function cards({ methods }: RunReport): Html {
  const method = methods[methods.length - 1];
  const baseline = methods.length > 1 ? methods[0] : undefined;
  const card = (name: Figure) => {
    const [value, base] = [method[name], baseline?.[name] ?? null];
    const change = value === null || base === null ? null : value - base;
    return html`<div class="card"><span>${FIGURE_TITLES[name]}</span><b>${figure(value)}</b><span>${
      baseline && change !== null ? `${signed(change)} against ${displayName(baseline.name)}` : displayName(method.name)
    }</span></div>`;
  };
  return html`<div class="cards" role="group" aria-label="Main figures of ${displayName(method.name)}">${(
    ['hIoU', 'unseenMIoU', 'seenMIoU'] as const
  ).map(card)}</div>`;
}

function missing({ missing: list }: RunReport): Html | false {
  return (
    list.length > 0 &&
    html`<div class="note">Missing in the run folder, and therefore in this report:<ul>${list.map(
      (text) => html`<li>${text}</li>`,
    )}</ul></div>`
  );
}

function results({ methods, published }: RunReport): Html {
  const best = Object.fromEntries(
    FIGURES.map((name) => [name, Math.max(...methods.map((method) => method[name] ?? Number.NEGATIVE_INFINITY))]),
  );
  const rows = methods.flatMap((method) => {
    const cells = FIGURES.map((name) => {
      const value = method[name];
      const top = methods.length > 1 && value !== null && value === best[name];
      return html`<td${top ? html` class="best"` : ''}>${figure(value)}</td>`;
    });
    const paper = published.find((entry) => entry.method === method.name)?.found?.result;
    return [
      { cells: [displayName(method.name), ...cells] },
      ...(paper
        ? [{ kind: 'paper', cells: [`${paper.label} (paper)`, ...FIGURES.map((name) => figure(paper[name]))] }]
        : []),
    ];
  });
  return html`${table('Values in [0, 1]; – means undefined, not 0.', ['method', ...FIGURES.map((name) => FIGURE_TITLES[name])], rows)}
${alarm(
  published.flatMap(({ method, found }) =>
    found && found.differences.length > 0
      ? [
          `${displayName(method)} here and the paper's ${found.result.label} are NOT comparable: ${found.differences.join('; ')}.`,
        ]
      : [],
  ),
  'Not comparable with the paper',
)}`;
}

function ofUnseen({ methods, notes: remarks }: RunReport): Html | false {
  const found = unseenOf(methods);
  return (
    found !== undefined &&
    html`<h3>Unseen classes</h3>${table(
      UNSEEN_NOTE,
      found.head,
      found.rows.map((cells) => ({ cells })),
    )}${notes(remarks)}`
  );
}

function pictures({ panels, legend, methods }: RunReport, image: (path: string) => EmbeddedImage): Html {
  const order = methods.map(({ name }) => name);
  const rows = panels.map(({ id, image: photo, truth, methods: predictions }) => {
    const known = order.filter((name) => Object.hasOwn(predictions, name));
    const others = Object.keys(predictions).filter((name) => !order.includes(name));
    const items = [
      ['image', photo] as const,
      ...(truth ? [['ground truth', truth] as const] : []),
      ...[...known, ...others].map((name) => [displayName(name), predictions[name]] as const),
    ];
    return html`<div class="panel">${items.map(([label, path]) => {
      const { uri, width, height } = image(path);
      const alt = label === 'image' ? `Image ${id}` : `${label} of image ${id}, coloured by class`;
      return html`<figure><img src="${uri}" width="${width}" height="${height}" alt="${alt}" loading="lazy"${
        width < 200 ? html` class="small"` : ''
      }><figcaption>${label === 'image' ? id : label}</figcaption></figure>`;
    })}</div>`;
  });
  return html`${
    legend.length > 0 &&
    html`<ul class="legend" aria-label="Colours of the classes">${legend.map(
      ({ name, color, group }) =>
        html`<li><i style="background:${cssColor(color)}"></i>${
          group === 'unseen' ? html`<b class="unseen">${name} (unseen)</b>` : name
        }</li>`,
    )}</ul>`
  }<p>${PANEL_NOTE}</p><div class="panels">${rows}</div>`;
}

/** A colour that is safe in a style attribute. */
function cssColor(color: LegendEntry['color']): string {
  if (typeof color !== 'string') return `rgb(${color.map((c) => Math.round(c)).join(' ')})`;
  return /^(#[0-9a-f]{3,8}|[a-z]+|rgba?\([\d\s,.%/]+\))$/i.test(color) ? color : 'transparent';
}

function figures(drawn: readonly DrawnFigure[], where: DrawnFigure['section']): readonly Html[] {
  return drawn
    .filter((drawing) => drawing.section === where)
    .map(({ title, caption, svg, folded }) => {
      const picture = html`<div class="wide">${new Html(svg)}</div>`;
      return html`<figure>${
        folded ? html`<details><summary>${title}</summary>${picture}</details>` : html`<h3>${title}</h3>${picture}`
      }${caption && html`<figcaption>${caption}</figcaption>`}</figure>`;
    });
}

function section(drawn: readonly DrawnFigure[], where: DrawnFigure['section'], title: string, text: string) {
  const content = figures(drawn, where);
  return (
    content.length > 0 &&
    html`<section><h2>${title}</h2>${text && html`<p>${text}</p>`}<div class="side">${content}</div></section>`
  );
}

function classTable({ methods }: RunReport): Html {
  const rows = methods[0].perClass.map(({ id, name, group, support }) => ({
    cells: [
      group === 'unseen' ? html`<span class="unseen">${name}</span>` : name,
      group,
      support.toLocaleString('en'),
      ...methods.flatMap((method) => {
        const row = method.perClass.find((other) => other.id === id);
        return [figure(row?.iou ?? null), figure(row?.accuracy ?? null)];
      }),
    ],
  }));
  const head = methods.flatMap(({ name }) => [`IoU, ${displayName(name)}`, `accuracy, ${displayName(name)}`]);
  return html`<details><summary>Table of ${rows.length} classes</summary>${table(
    'Support counts ground-truth pixels.',
    ['class', 'group', 'support', ...head],
    rows,
  )}</details>`;
}

function pairs(rows: RunReport['settings']): Html {
  return wordTable(rows.map(({ key, value }) => [key, value] as const));
}
