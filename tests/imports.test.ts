import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Host-side packages: each may use those before it, and none knows of networks. */
const HOST = ['core', 'formats', 'metrics', 'vision', 'analysis', 'embeddings', 'data'];
/** Parts of networks: each may use those before it. */
const PARTS = ['backbone', 'contextual', 'synthesis', 'classifier'];
const BELOW_PARTS = [...HOST, 'tensor', 'nn', 'onnx'];
const BELOW_RECIPES = [...BELOW_PARTS, ...PARTS, 'experiment'];
const RECIPES = ['zero-shot', 'weakly', 'semi'];

/** What each package may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...before(HOST, []),
  tensor: ['core'],
  nn: ['core', 'formats', 'tensor'],
  onnx: ['core', 'tensor'],
  ...before(PARTS, BELOW_PARTS),
  experiment: [...BELOW_PARTS, ...PARTS],
  ...Object.fromEntries(RECIPES.map((name) => [name, BELOW_RECIPES])),
  report: ['core', 'formats', 'metrics', 'analysis', 'data'],
  cli: [...BELOW_RECIPES, ...RECIPES, 'report'],
};

function before(names: readonly string[], below: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name, i) => [name, [...below, ...names.slice(0, i)]]));
}

interface Import {
  readonly file: string;
  readonly specifier: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const isTest = (file: string) => /\.(test|suite)\.ts$/.test(file);

/** Every module specifier of a text: static, dynamic, type-only and `require`d ones. */
function specifiers(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const fixed = /^\s*(?:import|export)\s+(?:[\w*{}\s,$]+\sfrom\s+)?['"]([^'"\n]+)['"]/gm;
  const dynamic = /(?:\bimport|\brequire|\.resolve)\(\s*['"]([^'"\n]+)['"]/g;
  return [...code.matchAll(fixed), ...code.matchAll(dynamic)].map(([, specifier]) => specifier);
}

function importsOf(folder: string): Import[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  return files.flatMap((file) => {
    const path = join(folder, file);
    return specifiers(readFileSync(join(ROOT, path), 'utf8')).map((specifier) => ({ file: path, specifier }));
  });
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The package whose types a package has, or the package itself. */
const typed = (name: string) => name.replace(/^@types\//, '');
const isExternal = ({ specifier }: Import) => !specifier.startsWith('.') && !specifier.startsWith('node:');
const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
const show = ({ file, specifier }: Import) => `${file} imports ${specifier}`;

const packages = readdirSync(join(ROOT, 'packages')).filter((name) =>
  existsSync(join(ROOT, 'packages', name, 'package.json')),
);
const shared = Object.keys(readManifest('.').devDependencies ?? {});

test('specifiers are found in every form of import', () => {
  const text = `import a from 'a';
import {
  b,
  type B,
} from 'b';
import 'c';
export * from './d.ts';
export type { E } from 'e';
const f = await import('f/g');
// import h from 'h';
/** import i from 'i' */
const j = createRequire(import.meta.url)('not-seen-by-name');
require('k');`;
  expect(specifiers(text)).toEqual(['a', 'b', 'c', './d.ts', 'e', 'f/g', 'k']);
});

test('every package has its place in the order', () => {
  expect(packages.filter((name) => !(name in ALLOWED))).toEqual([]);
});

describe.each(packages)('%s', (name) => {
  const folder = `packages/${name}`;
  const imports = importsOf(`${folder}/src`).filter(isExternal);
  const manifest = readManifest(folder);
  const declared = [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies].flatMap((d) =>
    Object.keys(d ?? {}),
  );
  const siblings = declared.filter((d) => d.startsWith('@unseen/')).map((d) => d.slice('@unseen/'.length));

  test('imports point one way only', () => {
    const wrong = imports.filter(({ file, specifier }) => {
      const sibling = packageOf(specifier).startsWith('@unseen/')
        ? packageOf(specifier).slice('@unseen/'.length)
        : name;
      return !isTest(file) && sibling !== name && !ALLOWED[name].includes(sibling);
    });
    expect(wrong.map(show)).toEqual([]);
    expect(siblings.filter((sibling) => !ALLOWED[name].includes(sibling))).toEqual([]);
  });

  test('imports siblings through their front door', () => {
    const deep = imports.filter(({ specifier }) => /^@unseen\/[^/]+\//.test(specifier));
    // Tests may share a conformance suite.
    const around = importsOf(`${folder}/src`).filter(
      ({ file, specifier }) => /^(\.\.\/)+(packages|[\w-]+\/src)\//.test(specifier) && !isTest(file),
    );
    expect([...deep, ...around].map(show)).toEqual([]);
  });

  test('declares what it imports', () => {
    const forTests = [...declared, ...Object.keys(manifest.devDependencies ?? {}), ...shared];
    const undeclared = imports.filter(
      ({ file, specifier }) =>
        !(isTest(file) ? forTests : declared).includes(packageOf(specifier)) && packageOf(specifier) !== manifest.name,
    );
    expect(undeclared.map(show)).toEqual([]);
  });

  test('imports what it declares', () => {
    const scripts = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.js'));
    const inScripts = scripts.flatMap((file) => specifiers(readFileSync(join(ROOT, folder, file), 'utf8')));
    const inFiles = (tests: boolean) => imports.filter(({ file }) => isTest(file) === tests).map((i) => i.specifier);
    const production = new Set([...inFiles(false), ...inScripts].map(packageOf));
    const tests = new Set(inFiles(true).map(packageOf));
    // Optional and peer packages are found by name at run time.
    expect(Object.keys(manifest.dependencies ?? {}).filter((one) => !production.has(one))).toEqual([]);
    const forTests = Object.keys(manifest.devDependencies ?? {}).filter((one) => !production.has(typed(one)));
    expect(forTests.filter((one) => !tests.has(typed(one)))).toEqual([]);
  });

  test('is built after what it depends on', () => {
    const { references } = JSON.parse(readFileSync(join(ROOT, folder, 'tsconfig.json'), 'utf8')) as {
      references: { path: string }[];
    };
    expect(references.map(({ path }) => path.slice('../'.length)).sort()).toEqual([...siblings].sort());
  });
});

test('only tensor imports the backends', () => {
  const others = packages.filter((name) => name !== 'tensor').flatMap((name) => importsOf(`packages/${name}/src`));
  const wrong = others.filter(
    ({ file, specifier }) => !isTest(file) && /^(@tensorflow\/|onnxruntime|webgpu)/.test(specifier),
  );
  expect(wrong.map(show)).toEqual([]);
});

test('every package is built by the workspace', () => {
  const { references } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
    references: { path: string }[];
  };
  expect(references.map(({ path }) => path).sort()).toEqual(packages.map((name) => `packages/${name}`).sort());
});

test('vitest runs the sources of sibling packages, not their last build', async () => {
  const { lookUp } = await import('@unseen/core');
  const stack = await Promise.resolve()
    .then(() => lookUp({}, 'x', 'thing'))
    .catch((error: Error) => error.stack);
  expect(stack).toContain(join('packages', 'core', 'src', 'errors.ts'));
});
