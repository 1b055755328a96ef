import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PACKAGES = join(import.meta.dirname, '../packages');

interface Example {
  readonly name: string;
  readonly code: string;
}

/** The examples of a file's docstrings that can run as they are: those that begin with an import. */
function examplesOf(file: string): Example[] {
  const docs = readFileSync(file, 'utf8').match(/^\/\*\*\n[\s\S]*?^ \*\/$/gm) ?? [];
  return docs.flatMap((doc, i) => {
    const [, code] = doc.split(/^ \* @example$/m);
    const text = code?.replaceAll(/^ \*(?: |\/$|$)/gm, '').trim();
    return text?.startsWith('import ') ? [{ name: `${relative(PACKAGES, file)} ${i}`, code: text }] : [];
  });
}

const examples = readdirSync(PACKAGES).flatMap((name) => {
  const folder = join(PACKAGES, name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => examplesOf(join(folder, file)));
});

/** A line `expression; // → value` is checked. */
const checked = (code: string) => code.replaceAll(/^(.+); \/\/ → (.+)$/gm, 'check($1, $2);');

// Beside this file, so that packages are resolved as they are in tests.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(import.meta.dirname, 'examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('most packages have an example', () => {
  expect(new Set(examples.map(({ name }) => name.split(/[\\/]/)[0])).size).toBeGreaterThanOrEqual(14);
});

test.each(examples)('$name', async ({ code }) => {
  const path = join(folder, `${examples.findIndex((one) => one.code === code)}.mjs`);
  const imports = code.split('\n').filter((line) => line.startsWith('import '));
  const rest = code.split('\n').filter((line) => !line.startsWith('import '));
  const values: [unknown, unknown][] = [];
  writeFileSync(path, `${imports.join('\n')}\nexport async function run(check) {\n${checked(rest.join('\n'))}\n}\n`);
  const { run } = (await import(path)) as { run(check: (value: unknown, expected: unknown) => void): Promise<void> };
  await run((value, expected) => values.push([value, expected]));
  expect(values).toHaveLength(code.match(/; \/\/ → /g)?.length ?? 0);
  for (const [value, expected] of values) {
    if (typeof expected === 'number') expect(value).toBeCloseTo(expected, 10);
    else expect(value).toEqual(expected);
  }
});
