import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { UNSEEN } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RECORD = join(import.meta.dirname, 'record-imports.mjs');

/** Packages that a command imports, those of the workspace as `@unseen/NAME`. */
async function packagesOf(...args: string[]): Promise<string[]> {
  const file = join(temporaryFolder(), 'imported.txt');
  const env = { ...process.env, IMPORTED: file };
  await promisify(execFile)(process.execPath, ['--import', RECORD, UNSEEN, ...args], { env });
  const urls = (await readFile(file, 'utf8')).split('\n');
  const found = urls.map((url) => {
    const [, own] = /\/packages\/([^/]+)\/dist\//.exec(url) ?? [];
    return own ? `@unseen/${own}` : /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  });
  return [...new Set(found)].filter((name) => name !== undefined).sort();
}

test('help loads only what parses arguments, the help of everything not even that', async () => {
  const own = (names: readonly string[]) => names.filter((name) => name.startsWith('@unseen/'));
  expect(await packagesOf('--help')).toEqual(['@unseen/cli', '@unseen/core', 'pure-rand']);
  expect(own(await packagesOf('run', '--help'))).toEqual(['@unseen/cli', '@unseen/core']);
});

test('networks are listed without what computes and what reads files', async () => {
  const packages = await packagesOf('models', 'list');
  expect(packages).toContain('@unseen/backbone');
  for (const heavy of ['@unseen/formats', '@tensorflow/tfjs-core', 'onnxruntime-node', 'zod']) {
    expect(packages).not.toContain(heavy);
  }
});
