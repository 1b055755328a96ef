import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const TYPEDOC = join(ROOT, 'scripts/docs/node_modules/typedoc');

// Two packages stand for all: the whole reference takes twenty seconds.
test('npm run docs writes the reference of packages under the names that they are imported by, without a warning', async ({
  skip,
}) => {
  const out = temporaryFolder();
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { docs: string } };
  const [, script] = scripts.docs.split(' ');
  const docs = (...args: string[]) => run(process.execPath, [join(ROOT, script), ...args, '--out', out]);
  const wrong = await docs('metric').catch((error: { stderr: string }) => error);
  expect(wrong.stderr).toContain("there is no package 'metric'; expected some of: analysis, backbone");

  const done = await docs('core', 'metrics').catch((error: { stderr: string }) => error);
  skip(!existsSync(TYPEDOC), `TypeDoc could not be installed: ${done.stderr}`);
  expect(done.stderr).not.toMatch(/warning|error/i);
  const page = readFileSync(join(out, 'modules/_unseen_metrics.html'), 'utf8');
  expect(page).toContain('ConfusionMatrix');
  expect(page).toContain('@unseen/metrics');
  const matrix = readFileSync(join(out, 'classes/_unseen_metrics.ConfusionMatrix.html'), 'utf8');
  // A link into another package.
  expect(matrix).toContain('_unseen_core.UserError.html');
}, 120_000);
