import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { packedProject, packedTarballs, writeUser } from './helpers/packed-project.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const packages = readdirSync(join(ROOT, 'packages'));

const dir = temporaryFolder();
let tarballs: string;
beforeAll(async () => {
  tarballs = await packedTarballs();
}, 240_000);

const project = (name: string) => packedProject(join(dir, name));

test('tarballs hold the build, the licence and nothing of the workspace', async () => {
  const names = readdirSync(tarballs);
  expect(names).toHaveLength(packages.length);
  for (const tarball of names) {
    const { stdout } = await run('tar', ['tzf', join(tarballs, tarball)]);
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''));
    expect(files, tarball).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
    );
    const strange = files.filter((file) => /\.test\.|\.suite\.|(^|\/)src\/|tsbuildinfo|tsconfig|\.tmp$/.test(file));
    expect(strange, tarball).toEqual([]);
  }
});

test('a JavaScript project imports every package and uses those that people take singly', async () => {
  const path = await project('javascript');
  const script = writeUser(path);
  const { stdout } = await run(process.execPath, [script], { cwd: path });
  expect(stdout).toBe('used\n');

  const command = join(path, 'node_modules/@unseen/cli/bin/unseen.js');
  const { stdout: json } = await run(process.execPath, [command, 'dataset', 'list', '--json'], { cwd: path });
  const { datasets } = JSON.parse(json) as { datasets: { name: string }[] };
  const registered = readdirSync(join(ROOT, 'datasets')).filter((file) => file.endsWith('.yaml'));
  expect(datasets.map(({ name }) => name)).toEqual(
    expect.arrayContaining(registered.map((file) => file.replace('.yaml', ''))),
  );
});

test('a TypeScript project gets real types', async () => {
  const path = await project('typescript');
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  writeFileSync(
    join(path, 'index.ts'),
    `${packages.map((name, i) => `import * as p${i} from '@unseen/${name}';`).join('\n')}
type IsAny<T> = 0 extends 1 & T ? true : false;
${packages.map((_, i) => `export const known${i}: IsAny<typeof p${i}> = false;`).join('\n')}

import { type LabelMap, SeedTree, UserError } from '@unseen/core';
import { ConfusionMatrix, type SegmentationMetrics, segmentationMetrics } from '@unseen/metrics';
import { defineMethod } from '@unseen/experiment';
import type { Ops } from '@unseen/tensor';
import { main } from '@unseen/cli';

export const typed: IsAny<UserError | LabelMap | SegmentationMetrics | Ops<number> | ReturnType<typeof defineMethod>> = false;
export const draw: number = new SeedTree(1).child('a').stream().uniform();
export const metrics: SegmentationMetrics = segmentationMetrics(new ConfusionMatrix(1), {
  classes: [{ id: 1, name: 'cat', group: 'seen' }],
  resolution: 'original',
});
export const code: Promise<number> = main(['backends']);
`,
  );
  writeFileSync(
    join(path, 'wrong.ts'),
    "import { SeedTree } from '@unseen/core';\nexport const seed = new SeedTree('one');\n",
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const failure = await run(process.execPath, [tsc, '-p', path]).catch((error: { stdout: string }) => error);
  const errors = failure.stdout.split('\n').filter((line) => line.includes('error TS'));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('wrong.ts(2,34): error TS2345');
  rmSync(join(path, 'wrong.ts'));
  expect((await run(process.execPath, [tsc, '-p', path])).stdout).toBe('');
});

test('the command says how to build when it has not been built', async () => {
  const path = join(dir, 'unbuilt/packages/cli/bin');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(dir, 'unbuilt/package.json'), '{"type":"module"}');
  writeFileSync(join(path, 'unseen.js'), readFileSync(join(ROOT, 'packages/cli/bin/unseen.js')));
  const failure = await run(process.execPath, [join(path, 'unseen.js')]).catch(
    (error: { code: number; stderr: string }) => error,
  );
  expect(failure).toMatchObject({ code: 1 });
  expect(failure.stderr).toContain('npm run build');
});
