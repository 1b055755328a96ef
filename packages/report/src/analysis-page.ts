import type { AnalysedClass, Analysis, AnalysisHead, AnalysisResult } from '@unseen/analysis';
import { type ChartSpec, renderChart } from './charts.ts';
import { Html, html } from './html.ts';
import { alarm, page, table } from './page.ts';
import type { EmbeddedImage } from './run-page.ts';

/** A chart or table of an analysis. */
export interface AnalysisSection {
  /** File name of the chart without extension. */
  readonly name: string;
  readonly title: string;
  /** How to read it. */
  readonly text: string;
  readonly chart?: ChartSpec;
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Tables with more rows than this are folded. */
  readonly folded?: boolean;
}

/** Text of the page of an analysis. */
export interface AnalysisText {
  readonly title: string;
  /** The question, and the answer in figures. */
  readonly lead: readonly string[];
  /** How to read the pictures. */
  readonly pictures: string;
  /** Labels for the ends of the colour scale of maps, if any. */
  readonly colors?: { readonly low: string; readonly high: string };
  readonly sections: readonly AnalysisSection[];
}

/** Name of a class in charts: * marks unseen ones. */
export function starred({ name, group }: Pick<AnalysedClass, 'name' | 'group'>): string {
  return group === 'unseen' ? `${name} *` : name;
}

/** A chart of an analysis, drawn. */
export interface AnalysisChart {
  readonly name: string;
  readonly svg: string;
}

/** Draws the charts of an analysis. */
export async function drawAnalysis({ sections }: AnalysisText): Promise<AnalysisChart[]> {
  const drawn: AnalysisChart[] = [];
  for (const { name, title, chart } of sections) {
    if (!chart) continue;
    drawn.push({ name, svg: await renderChart(chart, name, `${title}. The same numbers are in analysis.json.`) });
  }
  return drawn;
}

/** An analysis as one self-contained page. `image` returns its pictures by image and picture name. */
export function analysisPage(
  { analysis, images, legend }: AnalysisResult<Analysis>,
  text: AnalysisText,
  drawn: readonly AnalysisChart[],
  image: (id: string, name: string) => EmbeddedImage,
): string {
  const body = html`<h1>${text.title}</h1>
<p class="soft">${subtitle(analysis)}</p>
${text.lead.map((sentence) => html`<p>${sentence}</p>`)}
${alarm(analysis.warnings)}
<section><h2>Pictures</h2><p>${text.pictures}</p>
${legend.length > 0 && html`<ul class="legend">${legend.map(({ name, color }) => html`<li><i style="background:rgb(${color.join(' ')})"></i>${name}</li>`)}</ul>`}
${text.colors && html`<p class="soft">${text.colors.low} ${heatBar()} ${text.colors.high}</p>`}
<div class="panels">${images.map(
    ({ id, pictures }) =>
      html`<div class="panel" style="grid-template-columns:repeat(${pictures.length},minmax(0,1fr))">${pictures.map(
        ({ name, title }) => {
          const { uri, width, height } = image(id, name);
          return html`<figure><img src="${uri}" width="${width}" height="${height}" alt="${title} of image ${id}" loading="lazy"${
            width < 200 ? html` class="small"` : ''
          }><figcaption>${title}</figcaption></figure>`;
        },
      )}</div>`,
  )}</div></section>
${text.sections.map((section) => html`<section><h2>${section.title}</h2><p>${section.text}</p>${content(section, drawn)}</section>`)}`;
  return page(`${text.title} · ${analysis.run} · unseen`, body);
}

function subtitle({ run, model, dataset, subset, images, seed }: AnalysisHead): string {
  return `run ${run} · model ${model} · ${dataset}, ${images} images of ${subset} · seed ${seed}`;
}

function content({ name, table: content, folded }: AnalysisSection, drawn: readonly AnalysisChart[]): Html {
  const chart = drawn.find((one) => one.name === name);
  const rows =
    content &&
    table(
      '',
      content.head,
      content.rows.map((cells) => ({ cells })),
    );
  return html`${chart && html`<figure><div class="wide">${new Html(chart.svg)}</div></figure>`}${
    rows && (folded ? html`<details><summary>Table</summary>${rows}</details>` : rows)
  }`;
}

/** Ends and middle of viridis, the colour map of all maps. */
function heatBar(): Html {
  const gradient = 'linear-gradient(90deg,#440154,#3b528b,#21918c,#5ec962,#fde725)';
  return html`<span role="img" aria-label="colours from low to high" style="display:inline-block;vertical-align:middle;width:10rem;height:.8rem;border-radius:3px;background:${gradient}"></span>`;
}
