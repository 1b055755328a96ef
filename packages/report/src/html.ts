import { printable } from '@unseen/core';

/** Markup that is already escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Html | string | number | readonly Content[] | undefined | false;

/**
 * Template tag for HTML. Inserted strings are escaped (also inside quoted attributes), {@link Html} and lists of it are
 * inserted as is, and `undefined` and `false` disappear.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, part, i) => text + asText(values[i - 1]) + part));
}

function asText(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(asText).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and quoted attributes; control characters are shown. */
export function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (c) => ENTITIES[c]);
}
