import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { validate } from './validate.ts';
import { parseYaml, parseYamlDocument, readYaml } from './yaml.ts';

const schema = z.strictObject({
  name: z.string(),
  backbone: z.strictObject({ stride: z.int().min(1).default(16), freeze: z.boolean().default(true) }).optional(),
  method: z.enum(['spnet', 'cagnet']).optional(),
  stages: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('train'), iterations: z.int() }),
        z.strictObject({ kind: z.literal('finetune'), ratio: z.number() }),
      ]),
    )
    .optional(),
  classes: z.record(z.string(), z.strictObject({ id: z.int() })).optional(),
  size: z.union([z.int(), z.tuple([z.int(), z.int()])]).optional(),
});

function failure(text: string): UserError {
  try {
    parseYaml(text, schema, 'a.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('accepted');
}

test('a valid text gives the value with its defaults', () => {
  expect(parseYaml('name: x\nbackbone:\n  stride: 8\n', schema, 'a.yaml')).toEqual({
    name: 'x',
    backbone: { stride: 8, freeze: true },
  });
});

test('a key that another kind of the same group has is not suggested to itself', () => {
  const { message } = failure('name: x\nstages:\n  - {kind: train, iterations: 1, ratio: 2}\n');
  expect(message).toContain("a.yaml:3:34: 'ratio' does not go with the other keys of 'stages.0'");
  expect(message).not.toContain('did you mean');
});

test('an unknown key is placed, with the nearest valid key and all of them', () => {
  expect(failure('name: x\nbackbone:\n  strde: 8\n').parts).toEqual({
    given: "a.yaml:3:3: unknown key 'strde' in 'backbone'",
    expected: 'one of: stride, freeze',
    remedy: "did you mean 'stride'?",
  });
});

test('a wrong type says what was given and what was expected', () => {
  expect(failure('name: x\nbackbone: {stride: many}').parts).toEqual({
    given: "a.yaml:2:20: 'backbone.stride' is 'many'",
    expected: 'a number',
  });
  expect(failure('name: x\nbackbone: {stride: 0}').message).toContain('at least 1');
  expect(failure('- 1\n- 2').parts.given).toBe('a.yaml:1:1: the document is a list of 2');
  expect(failure('').message).toContain('the document is empty');
});

test('a missing key is placed at what should contain it', () => {
  expect(failure('backbone:\n  stride: 2\n').parts).toEqual({
    given: "a.yaml:1:1: 'name' is missing",
    expected: 'text',
  });
});

test('a mistyped choice gets the nearest one', () => {
  const error = failure('name: x\nmethod: cagent\n');
  expect(error.parts.given).toBe("a.yaml:2:9: 'method' is 'cagent'");
  expect(error.parts.expected).toBe('one of: spnet, cagnet');
  expect(error.parts.remedy).toBe("did you mean 'cagnet'?");
});

test('problems inside lists, records and unions are placed there', () => {
  expect(failure('name: x\nstages:\n  - kind: train\n    iteration: 3\n').message).toMatch(
    /a\.yaml:4:5: unknown key 'iteration' in 'stages\.0'.*did you mean 'iterations'/s,
  );
  expect(failure('name: x\nstages:\n  - kind: tune\n').message).toMatch(/a\.yaml:3:11: 'stages\.0\.kind' is 'tune'/);
  expect(failure('name: x\nclasses:\n  cat: {id: a}\n').message).toMatch(/a\.yaml:3:13: 'classes\.cat\.id' is 'a'/);
  expect(failure('name: x\nsize: big').message).toMatch(/a\.yaml:2:7: 'size' is 'big'; expected a number or a list/);
});

test('several problems are all told', () => {
  const { message } = failure('nam: x\nmethod: 3\n');
  expect(message).toContain("unknown key 'nam'");
  expect(message).toContain("'name' is missing");
  expect(message).toContain("'method' is 3");
});

test('of thousands of problems ten are told, and the others counted', () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `nam${i}: 1`);
  const { message } = failure(`${keys.join('\n')}\n`);
  expect(message).toMatch(/unknown key 'nam9'.*\n4991 more$/s);
  expect(message).not.toContain('nam10');
  expect(failure(`name: x\n${'k'.repeat(1000)}: 1`).parts.given).toMatch(/unknown key 'k{79}…'/);
});

test('names that objects have by nature are keys like others, but for the one that objects lose', () => {
  for (const key of ['constructor', 'toString', 'hasOwnProperty']) {
    const parsed = parseYaml(`name: x\nclasses: {${key}: {id: 1}}`, schema, 'a.yaml');
    expect(Object.entries(parsed.classes!)).toEqual([[key, { id: 1 }]]);
    expect(failure(`name: x\n${key}: 1`).message).toContain(`a.yaml:2:1: unknown key '${key}'`);
  }
  expect(failure('name: x\n__proto__: 1').message).toContain("unknown key '__proto__'");
  expect(failure('name: x\nclasses:\n  __proto__: {id: 1}').parts.given).toBe("a.yaml:3:3: the key '__proto__'");
});

test.each([
  ['lists', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['brackets that stay open', '{a: ['.repeat(5_000)],
  ['dashes', `${'- '.repeat(10_000)}1`],
  ['indentation', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
])('deep nesting is one error: %s', (_, text) => {
  expect(() => parseYamlDocument(text, 'a.yaml')).toThrow('a.yaml has values nested more than 100 deep');
});

test('brackets within text and wide indentation are no nesting', () => {
  const deep = `${'['.repeat(99)}1${']'.repeat(99)}`;
  expect(() => parseYamlDocument(`a: ${deep}`, 'x')).not.toThrow();
  const text = `a: "${'['.repeat(200)}"\nb:\n${' '.repeat(150)}c: 1\nd: |\n${' '.repeat(150)}[\n# ${'{'.repeat(200)}\n`;
  expect(parseYamlDocument(text, 'x').value).toEqual({ a: '['.repeat(200), b: { c: 1 }, d: '[\n' });
});

test('places are found through anchors', () => {
  const text = 'name: x\nbackbone: &b {stride: -1}\n';
  expect(failure(text).message).toContain('a.yaml:2:23');
});

test('text that is not YAML, repeated keys and two documents are refused with their place', () => {
  expect(failure('name: [1, 2\nx: 3').message).toMatch(/a\.yaml:2:/);
  expect(failure('name: x\nname: y').message).toMatch(/a\.yaml:2:1: .*twice; expected unique/);
  expect(failure('name: x\n---\nname: y\n').message).toMatch(/a\.yaml:2:1/);
  expect(failure('name: *nobody').message).toContain('nobody');
});

test('a value merged from elsewhere can name its own places', () => {
  const locate = (path: readonly PropertyKey[]) => ({ place: `--set ${path.join('.')}`, depth: path.length });
  expect(() => validate({ name: 3 }, schema, locate)).toThrow("--set name: 'name' is 3; expected text");
});

test('the value of a document is plain data and numbers keep their type', () => {
  expect(parseYamlDocument('a: 010\nb: 1e3\nc: ~\nd: "1"', 'x').value).toEqual({ a: 10, b: 1000, c: null, d: '1' });
});

test('files are read; a missing one is told', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'a.yaml'), 'name: x\n');
  expect(await readYaml(join(folder, 'a.yaml'), schema)).toEqual({ name: 'x' });
  await writeFile(join(folder, 'wide.yaml'), Buffer.from('\ufeffname: é\r\n', 'utf16le'));
  expect(await readYaml(join(folder, 'wide.yaml'), schema)).toEqual({ name: 'é' });
  await writeFile(join(folder, 'latin.yaml'), Buffer.from('name: é\n', 'latin1'));
  await expect(readYaml(join(folder, 'latin.yaml'), schema)).rejects.toThrow('latin.yaml is not UTF-8');
  await expect(readYaml(join(folder, 'b.yaml'), schema)).rejects.toThrow(/b\.yaml does not exist/);
});
