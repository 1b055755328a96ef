import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { parseJson, readJson } from './json.ts';

it('names the path of a missing or broken file', async () => {
  const folder = temporaryFolder();
  await expect(readJson(join(folder, 'none.json'))).rejects.toThrow(/none\.json does not exist/);
  await writeFile(join(folder, 'broken.json'), '{');
  await expect(readJson(join(folder, 'broken.json'))).rejects.toThrow(/broken\.json is not valid JSON/);
});

it('refuses values nested beyond what code can walk through, and counts no brackets within text', () => {
  const parse = (text: string) => parseJson(Buffer.from(text), 'a.json');
  for (const depth of [501, 10_000]) {
    expect(() => parse('['.repeat(depth) + 1 + ']'.repeat(depth))).toThrow(
      'a.json has values nested more than 500 deep',
    );
    expect(() => parse('{"a":'.repeat(depth) + 1 + '}'.repeat(depth))).toThrow('nested more than 500 deep');
  }
  expect(() => parse('['.repeat(500) + ']'.repeat(500))).not.toThrow();
  expect(parse(`["${'[{'.repeat(1000)}"]`)).toEqual(['[{'.repeat(1000)]);
});
