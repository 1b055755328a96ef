import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { documentationPages, ROOT, readPage } from './pages.ts';

const prose = (page: string) => readPage(page).replace(/^```.*?^```$/gms, '');

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** Links of a page to files of the project, with the anchors that they name. */
function linksOf(page: string): { target: string; anchor: string | undefined }[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path, anchor] = link.split('#');
    return [{ target: path === '' ? page : join(dirname(page), path), anchor }];
  });
}

test.each(documentationPages())('%s: links lead to files and headings that exist', (page) => {
  const broken = linksOf(page).filter(({ target, anchor }) => {
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});

/** Paths in code spans, such as `packages/nn/src/losses/mmd.ts`, or lists of such below one folder. */
const PATH = /`((?:packages|docs|tests|experiments|datasets|embeddings|scripts)\/[\w./-]+)`/g;

test.each(documentationPages())('%s: paths of the project that it names exist', (page) => {
  const named = [...prose(page).matchAll(PATH)].map(([, path]) => path).filter((path) => !/…|[A-Z]{4}/.test(path));
  const made = page.startsWith('docs/adding-') ? /mobilenet-v2|shapes|devise/ : /^$/;
  expect(named.filter((path) => !made.test(path) && !existsSync(join(ROOT, path)))).toEqual([]);
});
