import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeMadeUpRun } from '../../packages/report/src/made-up-run.suite.ts';
import { UNSEEN, unseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const COUNT = `method: count
data: { dataset: none }
count: { to: 5, metrics: true }
`;

const dir = temporaryFolder();
beforeAll(() => writeFile(join(dir, 'count.yaml'), COUNT));

/** Runs a script with a standard output of one's choice; 'closed' is a pipe that nobody reads any more. */
function run(script: string, args: readonly string[], stdout: number | 'closed') {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: dir,
    stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'],
  });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

test.skipIf(!existsSync('/dev/full'))('a full standard output is one sentence and a failure', async () => {
  const { code, stderr } = await run(UNSEEN, ['dataset', 'list', '--json'], openSync('/dev/full', 'w'));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^unseen: the result could not be written to standard output \(ENOSPC\)\n {2}→ free some/m);
  expect(stderr).not.toMatch(/ at |node:/);
});

test('when the reader of the output goes away, the work goes on to its end', async () => {
  const script = join(import.meta.dirname, 'counting-command.mjs');
  const { code, stderr } = await run(script, ['run', 'count.yaml', '--out', 'run'], 'closed');
  expect(stderr).not.toMatch(/unseen:| at |EPIPE/);
  expect(code).toBe(0);
  expect(existsSync(join(dir, 'run/report/index.html'))).toBe(true);
});

test("what stands behind '--' is no option, and is shown as it was given", async () => {
  const { code, stdout, stderr } = await unseen(['metrics', '--json', '--', '--pred', '-x'], dir);
  expect(code).toBe(1);
  expect(stderr).toContain('missing required arguments: pred');
  expect(JSON.parse(stdout).error).toContain('missing required arguments: pred');
  const report = await unseen(['report', '--', '--json', '-odd'], dir);
  expect(report.stderr).toMatch(/--json does not exist.*\n.*-odd does not exist/);
  expect(report.stdout).toBe('');
});

test('a report tells what cannot be read, reports the others, and fails', async () => {
  for (const seed of [0, 1, 2]) await writeMadeUpRun(join(dir, `seed${seed}`), { seed, panels: [] });
  await writeFile(join(dir, 'seed0/environment.json'), '{');
  await writeFile(join(dir, 'seed1/metrics.json'), '{"methods": {');
  const runs = ['seed0', 'seed1', 'seed2'];
  const { code, stdout, stderr } = await unseen(['report', ...runs, '--out', 'rest', '--json'], dir);
  expect(code).toBe(1);
  expect(stderr).toContain('warning: seed0: environment.json cannot be read');
  expect(stderr).toMatch(/warning: seed1 is left out: .*metrics\.json is not valid JSON/);
  expect(JSON.parse(stdout)).toMatchObject({ report: 'rest/index.html', unreadable: [{ run: 'seed1' }] });
  expect(existsSync(join(dir, 'rest/index.html'))).toBe(true);
});
