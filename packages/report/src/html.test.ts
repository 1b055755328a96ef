import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeHtml, html } from './html.ts';

it('escapes every inserted string, however nested, and leaves markup alone', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { text: page } = html`<p title="${text}">${[html`<b>${text}</b>`]}${undefined}${false}</p>`;
      const safe = escapeHtml(text);
      expect(safe).not.toMatch(/[<>"']/);
      expect(page).toBe(`<p title="${safe}"><b>${safe}</b></p>`);
    }),
  );
  expect(escapeHtml(`<a href="x">&'`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;');
});
