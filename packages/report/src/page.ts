import { Html, html } from './html.ts';

const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--raised:#f6f8fa;--line:#d9dfe6;--text:#1f252c;--soft:#5a6673;--accent:#1f5fbf;
--alarm:#b3261e;--alarm-ground:#fdf0ef;--unseen:#a14e00}
@media(prefers-color-scheme:dark){:root{--ground:#12161b;--raised:#1a2027;--line:#333c47;--text:#dfe5ec;--soft:#9aa7b4;
--accent:#7fb0f5;--alarm:#ff9a90;--alarm-ground:#321816;--unseen:#f0a355}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:70rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .35rem}
p{margin:.4rem 0;max-width:46rem}
.soft,figcaption{color:var(--soft);font-size:.9rem}
figure{margin:0 0 1.25rem}
figcaption{max-width:46rem;margin-top:.25rem}
.wide{overflow-x:auto}
svg{display:block}
.side{display:flex;flex-wrap:wrap;gap:0 2.5rem}
.side figure{max-width:100%}
.side figcaption{max-width:30rem}
.cards{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0}
.card{background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem;min-width:9.5rem}
.card b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:.85rem}
.alarm{border:1px solid var(--alarm);border-left-width:5px;border-radius:6px;background:var(--alarm-ground);padding:.6rem 1rem;
margin:1.25rem 0}
.alarm strong,.alarm li{color:var(--alarm)}
.alarm ul{margin:.25rem 0;padding-left:1.1rem}
.note{border-left:5px solid var(--line);background:var(--raised);border-radius:6px;padding:.6rem 1rem;margin:1rem 0}
.note ul{margin:.25rem 0;padding-left:1.1rem}
table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.35rem}
th,td{padding:.35rem .8rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
th:first-child,td:first-child,.text th,.text td{text-align:left}
tbody th{font-weight:600}
tr.paper th,tr.paper td{color:var(--soft);font-style:italic}
td.best{font-weight:700;color:var(--accent)}
.words th,.words td{text-align:left;white-space:normal;vertical-align:top;overflow-wrap:anywhere}
.words th{white-space:nowrap;color:var(--soft)}
.unseen{color:var(--unseen)}
.panels{display:grid;gap:1.25rem}
.panel{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(11rem,42vw),1fr));gap:.5rem;margin:0}
.panel figure{margin:0}
.panel img{display:block;width:100%;height:auto;border-radius:4px;background:var(--raised)}
.panel img.small{image-rendering:pixelated}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0;margin:.75rem 0;font-size:.88rem}
.legend i{display:inline-block;width:.95em;height:.95em;border-radius:3px;margin-right:.4em;vertical-align:-.1em;
border:1px solid var(--line)}
details{margin:1rem 0}
summary{cursor:pointer;color:var(--accent)}
@media print{main{max-width:none}details{display:block}}
`.trim();

/** A complete, self-contained page; `style` adds CSS rules. */
export function page(title: string, body: Html, style = ''): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<style>
${new Html(`${STYLE}${style.trimEnd()}`)}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
  return document.text;
}

/** Warnings that the reader must not miss, in red; empty if there are none. */
export function alarm(warnings: readonly string[], title = 'Before you read the numbers'): Html {
  if (warnings.length === 0) return html``;
  return html`<div class="alarm" role="alert"><strong>${title}</strong>
<ul>${warnings.map((text) => html`<li>${text}</li>`)}</ul></div>`;
}

/** Remarks that stand beside the numbers; empty if there are none. */
export function notes(texts: readonly string[]): Html {
  return html`${texts.length > 0 && html`<div class="note"><ul>${texts.map((text) => html`<li>${text}</li>`)}</ul></div>`}`;
}

/** A table that scrolls on narrow screens; the first cell of each row is its heading. */
export function table(
  caption: string,
  head: readonly (string | Html)[],
  rows: readonly { readonly cells: readonly (string | Html)[]; readonly kind?: string }[],
  content: 'numbers' | 'text' = 'numbers',
): Html {
  return html`<div class="wide"><table class="${content}">${caption && html`<caption>${caption}</caption>`}
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ cells: [first, ...rest], kind }) => html`
<tr${kind ? html` class="${kind}"` : ''}><th scope="row">${first}</th>${rest.map((cell) =>
      cell instanceof Html && cell.text.startsWith('<td') ? cell : html`<td>${cell}</td>`,
    )}</tr>`,
  )}
</tbody></table></div>`;
}

/** A two-column table of topics and texts. */
export function wordTable(rows: readonly (readonly [string, string])[]): Html {
  return html`<table class="words"><tbody>${rows.map(
    ([key, value]) => html`<tr><th scope="row">${key}</th><td>${value}</td></tr>`,
  )}</tbody></table>`;
}
