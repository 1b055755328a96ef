import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

/** An error, a warning or a note about a dataset. */
export interface SheetFinding {
  readonly check: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly found: string;
  readonly count: number;
  readonly examples: readonly string[];
  readonly why: string;
  readonly fix: string;
}

interface Occurrence {
  readonly pixels: number;
  readonly images: number;
}

type Group = 'seen' | 'unseen' | 'outside';

/** A raw mask value, with its number of pixels and masks. */
export interface SheetValue {
  readonly value: number;
  readonly meaning: 'class' | 'unlabelled' | 'no class';
  readonly name?: string;
  readonly group?: Group;
  readonly color?: readonly [number, number, number];
  readonly train: Occurrence;
  readonly val: Occurrence;
}

/** Result of checking a dataset. */
export interface ContactSheet {
  readonly dataset: string;
  readonly split: { readonly name: string; readonly source?: string };
  readonly quick: boolean;
  readonly subsets: Readonly<
    Record<'train' | 'val', { readonly images: number; readonly masks: number; readonly list?: string }>
  >;
  readonly findings: readonly SheetFinding[];
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly values: readonly SheetValue[];
  readonly classes: readonly { readonly id: number; readonly name: string; readonly group: Group }[];
}

/** An encoded picture. */
export interface SheetImage {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** An image with its labels painted over it. */
export interface SheetPicture {
  readonly subset: 'train' | 'val';
  readonly id: string;
  readonly photo: SheetImage;
  readonly labelled: SheetImage;
  /** Ids of its classes, largest first. */
  readonly classes: readonly number[];
  /** Shares of its pixels. */
  readonly unlabelled: number;
  readonly unknown: number;
  /** Additional remark. */
  readonly remark?: string;
}

const STYLE = `
.finding{border:1px solid var(--line);border-left:5px solid var(--line);border-radius:6px;padding:.6rem 1rem;margin:.8rem 0}
.finding p{max-width:none}
.finding.error{border-color:var(--alarm);background:var(--alarm-ground)}
.finding.warning{border-left-color:var(--unseen)}
.finding b.severity{text-transform:uppercase;font-size:.75rem;letter-spacing:.05em;margin-right:.6rem}
.finding.error b.severity{color:var(--alarm)}.finding.warning b.severity{color:var(--unseen)}
.finding.note b.severity{color:var(--soft)}
.finding code{color:var(--soft);font-size:.85rem}
.finding ul{margin:.25rem 0;padding-left:1.1rem;font-size:.88rem;color:var(--soft);overflow-wrap:anywhere}
.finding .fix::before{content:"→ ";color:var(--accent)}
.well{border:1px solid var(--line);border-left:5px solid #3f9f6b;border-radius:6px;padding:.6rem 1rem;margin:1rem 0}
i.swatch{display:inline-block;width:.95em;height:.95em;border-radius:3px;margin-right:.45em;vertical-align:-.1em;
border:1px solid var(--line)}
.bar{display:inline-block;width:6rem;height:.6rem;text-align:left;border-radius:2px;background:var(--raised)}
.bar i{display:block;height:100%;border-radius:2px;background:var(--accent)}
table.values td:nth-child(2),table.values td:nth-child(3),table.values tr+tr th:nth-child(-n+3){text-align:left}
.values th[colspan]{text-align:center}
tr.unseen .bar i{background:var(--unseen)}
tr.stranger th,tr.stranger td,span.stranger{color:var(--alarm)}
tr.faint th,tr.faint td{color:var(--soft)}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:1.25rem 1rem}
.sheet figure{margin:0;min-width:0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.3rem}
.pair img{display:block;width:100%;height:auto;border-radius:4px;background:var(--raised)}
.pair img.small{image-rendering:pixelated}
.sheet figcaption{font-size:.8rem;line-height:1.45;overflow-wrap:anywhere}
.sheet figcaption b{display:block;color:var(--text);font-weight:600}
.sheet figcaption span{margin-right:.7em;white-space:nowrap}
`;

/** The findings about a dataset, the histogram of its masks and some images, as one self-contained page. */
export function contactSheetPage(sheet: ContactSheet, pictures: readonly SheetPicture[]): string {
  const body = html`<h1>${sheet.dataset}</h1>
<p class="soft">${subtitle(sheet)}</p>
${cards(sheet)}
<section><h2>Findings</h2>${findings(sheet)}</section>
<section><h2>Mask values</h2>${histogram(sheet)}</section>
${pictures.length > 0 && html`<section><h2>Pictures</h2>${contactSheet(sheet, pictures)}</section>`}`;
  return page(`${sheet.dataset} · dataset doctor · unseen`, body, STYLE);
}

function subtitle({ split, classes, quick }: ContactSheet): string {
  const size = (group: Group) => classes.filter((info) => info.group === group).length;
  const source = split.source === undefined ? '' : ` (${split.source})`;
  return [
    `split ${split.name}${source}: ${size('seen')} seen and ${size('unseen')} unseen classes`,
    ...(size('outside') > 0 ? [`${size('outside')} outside the split`] : []),
    ...(quick ? ['only the headers of image files were read'] : []),
  ].join(' · ');
}

function cards({ errors, warnings, notes, subsets }: ContactSheet): Html {
  const card = (title: string, value: number, text: string) =>
    html`<div class="card"><span>${title}</span><b>${value.toLocaleString('en')}</b><span>${text}</span></div>`;
  const masks = ({ masks: n }: { readonly masks: number }) => `${n.toLocaleString('en')} masks of class ids`;
  return html`<div class="cards">${card('Errors', errors, 'training fails, or its figures are wrong')}${card('Warnings', warnings, 'worth checking')}${card('Notes', notes, 'good to know')}${card('Training images', subsets.train.images, masks(subsets.train))}${card('Test images', subsets.val.images, masks(subsets.val))}</div>`;
}

function findings({ findings: list, errors, warnings }: ContactSheet): Html {
  const well = errors + warnings === 0 && html`<p class="well">No problems found in this dataset.</p>`;
  return html`${well}${list.map(
    ({ check, severity, found, count, examples, why, fix }) => html`
<div class="finding ${severity}"><p><b class="severity">${severity}</b><code>${check}</code></p>
<p><strong>${sentence(found)}</strong> ${sentence(why)}</p>
${
  examples.length > 0 &&
  html`<ul>${examples.map((text) => html`<li>${text}</li>`)}${
    count > examples.length && html`<li>and ${(count - examples.length).toLocaleString('en')} more</li>`
  }</ul>`
}
<p class="fix">${sentence(fix)}</p></div>`,
  )}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('…') ? '' : '.'}`;
}

function histogram({ values, subsets }: ContactSheet): Html {
  const largest = { train: mostOf(values, 'train'), val: mostOf(values, 'val') };
  const cells = (row: SheetValue, subset: 'train' | 'val') => {
    const { pixels, images } = row[subset];
    const share = largest[subset] > 0 ? Math.min(100, (100 * pixels) / largest[subset]) : 0;
    return html`<td>${pixels.toLocaleString('en')}</td><td><span class="bar"><i style="width:${share.toFixed(1)}%"></i></span></td><td>${images.toLocaleString('en')}</td>`;
  };
  const rows = values.map((row) => {
    return html`
<tr class="${rowKind(row)}"><th scope="row">${swatch(row.color)}${row.value}</th><td>${row.name ?? row.meaning}</td><td>${
      row.group === 'unseen' ? html`<span class="unseen">unseen</span>` : (row.group ?? '')
    }</td>${cells(row, 'train')}${cells(row, 'val')}</tr>`;
  });
  const heads = (['train', 'val'] as const).map(
    (subset) =>
      html`<th scope="colgroup" colspan="3">${subset === 'train' ? 'training' : 'test'}: ${subsets[subset].masks.toLocaleString('en')} masks</th>`,
  );
  const table = html`<div class="wide"><table class="values"><caption>Raw values of the stored masks. Bars are relative to the largest class of the split.</caption>
<thead><tr><th colspan="3"></th>${heads}</tr>
<tr><th scope="col">value</th><th scope="col">class</th><th scope="col">group</th>${[0, 1].map(
    () => html`<th scope="col">pixels</th><th></th><th scope="col">images</th>`,
  )}</tr></thead>
<tbody>${rows}
</tbody></table></div>`;
  if (values.length <= LONG) return table;
  return html`<details><summary>Table of ${values.length} values</summary>${table}</details>`;
}

function rowKind({ meaning, group }: SheetValue): string {
  if (meaning === 'no class') return 'stranger';
  if (group === 'unseen') return 'unseen';
  return group === 'seen' ? '' : 'faint';
}

/** Tables with at least this many rows are folded. */
const LONG = 60;

function mostOf(values: readonly SheetValue[], subset: 'train' | 'val'): number {
  return Math.max(0, ...values.map((row) => (row.group === 'seen' || row.group === 'unseen' ? row[subset].pixels : 0)));
}

function swatch(color: readonly number[] | undefined): Html | false {
  return color !== undefined && html`<i class="swatch" style="background:rgb(${color.join(' ')})"></i>`;
}

function contactSheet({ values, classes }: ContactSheet, pictures: readonly SheetPicture[]): Html {
  const colors = new Map(values.map(({ name, color }) => [name, color]));
  const infos = new Map(classes.map((info) => [info.id, { ...info, color: colors.get(info.name) }]));
  const shown = new Set(pictures.flatMap((picture) => picture.classes));
  const name = (id: number) => {
    const info = infos.get(id);
    return html`${swatch(info?.color)}${info?.group === 'unseen' ? html`<b class="unseen">${info.name} (unseen)</b>` : (info?.name ?? id)}`;
  };
  const legend = classes.filter(({ id }) => shown.has(id)).map(({ id }) => html`<li>${name(id)}</li>`);
  const sheets = (['train', 'val'] as const).map((subset) => {
    const own = pictures.filter((picture) => picture.subset === subset);
    if (own.length === 0) return html``;
    return html`<h3>${subset === 'train' ? 'Training' : 'Test'} images</h3><div class="sheet">${own.map((picture) => figure(picture, infos))}</div>`;
  });
  const strange = pictures.some(({ unknown }) => unknown > 0);
  return html`<p>Images of each subset, chosen to show every class if possible, with labels in the colours of their classes; unlabelled pixels are not painted.</p>
<ul class="legend" aria-label="Colours of the classes">${legend}${strange && html`<li>${swatch([255, 0, 255])}no class</li>`}</ul>${sheets}`;
}

type ClassLook = { readonly name: string; readonly group: Group; readonly color: readonly number[] | undefined };

function figure(picture: SheetPicture, infos: ReadonlyMap<number, ClassLook>): Html {
  const { id, photo, labelled, classes, unlabelled, unknown, remark } = picture;
  const percent = (share: number) => `${share < 0.01 ? '< 1' : Math.round(100 * share)} %`;
  const image = ({ type, bytes, width, height }: SheetImage, alt: string) =>
    html`<img src="data:${type};base64,${Buffer.from(bytes).toString('base64')}" width="${width}" height="${height}" alt="${alt}" loading="lazy"${
      Math.max(width, height) < 160 ? html` class="small"` : ''
    }>`;
  const names = classes.map((c) => {
    const info = infos.get(c);
    return html`<span${info?.group === 'unseen' ? html` class="unseen"` : ''}>${swatch(info?.color)}${info?.name ?? c}</span>`;
  });
  return html`
<figure><div class="pair">${image(photo, `Image ${id}`)}${image(labelled, `Labels of image ${id}, coloured by class`)}</div>
<figcaption><b>${id}</b>${remark !== undefined && html`<span class="stranger">${remark}</span>`}${names}${unlabelled > 0 && html`<span>${percent(unlabelled)} unlabelled</span>`}${
    unknown > 0 && html`<span class="stranger">${swatch([255, 0, 255])}${percent(unknown)} of no class</span>`
  }</figcaption></figure>`;
}

/**
 * Writes `doctor.json` (all findings) and `index.html` (the same as a self-contained page with pictures) into a folder,
 * each atomically, the page last.
 */
export async function writeContactSheet(
  sheet: ContactSheet,
  pictures: readonly SheetPicture[],
  out: string,
): Promise<{ readonly html: string; readonly json: string }> {
  const [html, json] = [join(out, 'index.html'), join(out, 'doctor.json')];
  await writeJsonAtomic(json, sheet);
  await writeFileAtomic(html, contactSheetPage(sheet, pictures));
  return { html, json };
}
