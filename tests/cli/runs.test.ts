import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Command, expectFailure, startUnseen, unseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { count } from './counting.mjs';

const EXPERIMENT = `method: count
data: { dataset: none }
count: { to: 40 }
`;

let dir: string;
beforeEach(async () => {
  dir = temporaryFolder();
  await writeFile(join(dir, 'count.yaml'), EXPERIMENT);
});

const finish = (...args: string[]) => unseen(args, dir, { methods: async () => ({ count }) });

/** The same in a process of its own, which can kill itself at a step. */
function start(args: readonly string[], killAt?: number): Command {
  const env: Record<string, string> = killAt === undefined ? {} : { KILL_AT: String(killAt) };
  return startUnseen(args, dir, { script: join(import.meta.dirname, 'counting-command.mjs'), env });
}

/** Ends by itself only after a long time. */
const slow = (...args: string[]) => start(['run', 'count.yaml', '--set', 'count.pause=2000', ...args]);
const sumOf = (run: string) => readFileSync(join(dir, run, 'sum.json'), 'utf8');

function losses(run: string): unknown[] {
  const lines = readFileSync(join(dir, run, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line)).map(({ iteration, losses }) => [iteration, losses]);
}

async function untilLogged(run: string, lines: number): Promise<void> {
  const path = join(dir, run, 'log.jsonl');
  while (!existsSync(path) || readFileSync(path, 'utf8').split('\n').length <= lines) await setTimeout(5);
}

async function kill(command: Command, signal: NodeJS.Signals) {
  command.process.kill(signal);
  return command.ended;
}

describe('a run', () => {
  test('ends with its folder, a table, a report and one JSON object as the last line', async () => {
    const { code, stdout, stderr, lastLine } = await finish(
      'run',
      'count.yaml',
      '--set',
      'count.metrics=true',
      '--json',
    );
    expect(stderr).toContain('[1/2] sum: done in');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const result = JSON.parse(lastLine);
    expect(result).toMatchObject({
      run: join(dir, 'runs/count'),
      report: join(dir, 'runs/count/report/index.html'),
      methods: { count: { seenMIoU: 2 / 3, unseenMIoU: 0.5, PA: 0.75 } },
    });
    expect(result.seconds).toBeGreaterThan(0);
    expect(await readFile(result.report, 'utf8')).toContain('lynx');
    expect(stderr).toMatch(/method\s+seenMIoU\s+unseenMIoU\s+hIoU/);
    expect((await readdir(join(dir, 'runs/count'))).sort()).toEqual(
      expect.arrayContaining(['config.yaml', 'environment.json', 'log.jsonl', 'metrics.json', 'stages.json']),
    );

    const again = await finish('evaluate', 'runs/count', '--set', 'evaluate.resolution=feature', '--json');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('[1/2] sum: finished earlier');
    expect(JSON.parse(await readFile(join(dir, 'runs/count/metrics.json'), 'utf8')).methods.count.resolution).toBe(
      'feature',
    );

    const reported = await finish('report', 'runs/count', '--out', 'page', '--json');
    expect(reported.code).toBe(0);
    expect(JSON.parse(reported.lastLine).report).toBe('page/index.html');
  });

  test('depends on its seed alone', async () => {
    await finish('run', 'count.yaml', '--seeds', '3,4');
    await finish('run', 'count.yaml', '--seed', '3', '--out', 'alone');
    expect(sumOf('alone')).toBe(sumOf('runs/count-seed3'));
    expect(sumOf('alone')).not.toBe(sumOf('runs/count-seed4'));
  });

  test('that was killed twice and resumed ends with the same numbers', async () => {
    const args = ['run', 'count.yaml', '--out', 'cut', '--resume'];
    await finish('run', 'count.yaml', '--out', 'whole');
    expect((await start(args, 6).ended).code).toBe(null);
    expect(existsSync(join(dir, 'cut/sum.json'))).toBe(false);
    expect((await start(args, 18).ended).code).toBe(null);
    expect((await finish(...args)).code).toBe(0);
    expect(sumOf('cut')).toBe(sumOf('whole'));
    expect(losses('cut')).toEqual(losses('whole'));
    expect((await readdir(join(dir, 'cut'), { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('that is interrupted says how to go on, and exits with 130', async () => {
    const command = slow('--out', 'cut', '--json');
    await untilLogged('cut', 1);
    const { code, stderr, lastLine } = await kill(command, 'SIGINT');
    expect(code).toBe(130);
    expect(stderr).toContain('unseen: interrupted\n  → continue with --resume');
    expect(stderr).not.toContain('    at ');
    expect(JSON.parse(lastLine)).toHaveProperty('error');
    expect(existsSync(join(dir, 'cut/lock'))).toBe(false);
  });

  test('keeps a second process out of its folder', async () => {
    const command = slow('--out', 'busy');
    await untilLogged('busy', 1);
    const { code, stderr } = await finish('run', 'count.yaml', '--out', 'busy', '--resume');
    await kill(command, 'SIGKILL');
    expect(code).toBe(1);
    expect(stderr).toContain(`is in use by process ${command.process.pid}`);
  });
});

describe('bad input gets one clear error', () => {
  const failure = async (...args: string[]) => expectFailure(await finish(...args));

  test('unknown keys and wrong types in YAML: file, line, column, nearest key, all at once', async () => {
    await writeFile(join(dir, 'bad.yaml'), 'extends: count.yaml\nsed: 1\ncount:\n  to: many\n');
    const message = await failure('run', 'bad.yaml');
    expect(message).toContain(`${join(dir, 'bad.yaml')}:2:1: unknown key 'sed'`);
    expect(message).toContain("did you mean 'seed'?");
    expect(message).toContain(`${join(dir, 'bad.yaml')}:4:7: 'count.to' is 'many'`);
  });

  test('YAML that cannot be parsed', async () => {
    await writeFile(join(dir, 'bad.yaml'), 'method: count\ndata: {\n');
    expect(await failure('run', 'bad.yaml')).toMatch(/bad\.yaml:\d+:\d+: /);
  });

  test('an experiment that does not exist', async () => {
    expect(await failure('run', 'cuont.yaml')).toContain("there is no experiment 'cuont.yaml'");
  });

  test('a folder with another run, and one with something else', async () => {
    await finish('run', 'count.yaml', '--out', 'taken');
    expect(await failure('run', 'count.yaml', '--out', 'taken')).toContain('already holds this run');
    expect(await failure('run', 'count.yaml', '--out', 'taken', '--resume', '--seed', '9')).toContain('seed: 0 → 9');
    await mkdir(join(dir, 'photos'));
    await writeFile(join(dir, 'photos/a.png'), '');
    expect(await failure('run', 'count.yaml', '--out', 'photos', '--force')).toContain('holds a.png and no run');
  });

  test('a folder that cannot be written', async () => {
    await writeFile(join(dir, 'file'), '');
    expect(await failure('run', 'count.yaml', '--out', 'file/run')).toContain('is a file, not a folder');
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk', async () => {
    const args = ['run', 'count.yaml', '--out', 'full', '--resume'];
    await start(args, 6).ended;
    await rm(join(dir, 'full/log.jsonl'));
    await symlink('/dev/full', join(dir, 'full/log.jsonl'));
    expect(await failure(...args)).toContain('no space left');
  });

  test('folders that are no run', async () => {
    expect(await failure('evaluate', dir)).toContain('is not a run folder');
    expect(await failure('report', join(dir, 'none'))).toContain('does not exist');
  });
});
