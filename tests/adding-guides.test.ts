import { beforeAll, expect, test } from 'vitest';
import { stepsOf, type TestResult, Workspace } from './guides.ts';

/*
 * The pages about adding something are carried out, one after the other, on one copy of the sources, which is then
 * type-checked and tested once for all of them.
 */
const PAGES = ['docs/adding-an-operation.md', 'docs/adding-a-backbone.md', 'docs/adding-a-method.md'];

/** Tests that the pages send their readers to, besides the new ones. */
const SUITES = [
  'packages/tensor/src/backends.test.ts',
  'packages/onnx/src/conformance.test.ts',
  'tests/conformance/backbones.test.ts',
  'tests/conformance/architectures.test.ts',
];

/** Of these, tests of the pages' examples; the rest of what the suites do with a backbone takes long. */
const EXAMPLES =
  /\belu$|^mobilenet_v2|^devise |^'\w*mobilenet_v2\S* (?:is represented|has the parameters)|mobileNetV2 with frozen/;

let workspace: Workspace;
let errors: string;
let results: TestResult[];
beforeAll(async () => {
  workspace = new Workspace();
  const steps = PAGES.flatMap(stepsOf);
  for (const step of steps) workspace.carryOut(step);
  const code = [...new Set(steps.map(({ file }) => file))].filter((file) => file.endsWith('.ts'));
  errors = await workspace.typeErrors([...code, ...SUITES]);
  const added = code.filter((file) => file.endsWith('.test.ts'));
  results = await workspace.test([...new Set([...added, ...SUITES])], EXAMPLES);
}, 300_000);

const resultsOf = (name: RegExp) => results.filter((result) => name.test(result.name));
const failed = (some: readonly TestResult[]) => some.filter(({ status }) => status !== 'passed');

test('what the pages add is compiled without an error', () => {
  expect(errors).toBe('');
});

test('an operation is added by doing what the page says: compared with the oracle on both engines', () => {
  const found = resultsOf(/\belu$/);
  expect(found.map(({ name, status }) => [name.match(/\b(cpu|onnxruntime)\b/)?.[1], status]).sort()).toEqual([
    ['cpu', 'passed'],
    ['onnxruntime', 'passed'],
  ]);
});

test('a backbone is added by doing what the page says: its own tests and the suites of the registry pass', () => {
  const found = resultsOf(/mobilenet_?v2/i);
  expect(failed(found)).toEqual([]);
  const files = found.map(({ file }) => file);
  expect(files.filter((file) => file === 'packages/backbone/src/mobilenet-v2.test.ts')).toHaveLength(5);
  // Two entries of the registry are represented by the small network.
  expect(files.filter((file) => file === 'tests/conformance/backbones.test.ts')).toHaveLength(3);
  expect(files.filter((file) => file === 'tests/conformance/architectures.test.ts')).toHaveLength(1);
});

test('a method is added by doing what the page says: it learns, and its predictor is what it exports', () => {
  const found = resultsOf(/^devise /);
  expect(failed(found)).toEqual([]);
  expect(found).toHaveLength(2);
});
