import { printable } from '@unseen/core';

/** Escapes text for Markdown and its inline HTML; control characters are shown. */
export function prose(text: string): string {
  return printable(text)
    .replaceAll(/[\\`*_[\]<>|#]/g, (c) => `\\${c}`)
    .replaceAll(/\s+/g, ' ');
}

/** {@link prose} for a table cell. */
export function cell(text: string): string {
  return prose(text).trim();
}

/** A list of sentences. */
export function bullets(texts: readonly string[]): string {
  return texts.map((text) => `- ${prose(text)}`).join('\n');
}

/** An embedded picture. */
export function link(alt: string, path: string): string {
  return `!${fileLink(alt, path)}`;
}

/** A link to a file. */
export function fileLink(text: string, path: string): string {
  return `[${prose(text)}](${encodePath(path)})`;
}

/** Encodes a file path for a link. */
export function encodePath(path: string): string {
  return path.split(/[\\/]/).map(encodeURIComponent).join('/');
}

/** A table; cells are escaped unless `ready`. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], ready = false): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head.map(cell)),
    line(head.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.map((cells) => line(ready ? cells : cells.map(cell))),
  ].join('\n');
}
