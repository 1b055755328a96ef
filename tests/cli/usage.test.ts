import { expect, test } from 'vitest';
import { verbs, wordOf } from '../../packages/cli/src/verbs.ts';
import { startUnseen, unseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const dir = temporaryFolder();
const run = (...args: string[]) => unseen(args, dir);

const names = verbs.flatMap((entry) =>
  'verbs' in entry ? entry.verbs.map((inner) => `${entry.name} ${wordOf(inner)}`) : [wordOf(entry)],
);

test.each(names)('%s has help with an example', async (verb) => {
  const { code, stdout } = await run(...verb.split(' '), '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples:\\s+unseen ${verb}`));
  expect(stdout).toContain('--json');
});

test.each([['--help'], ['--verbose', '--help'], ['rnu', '--help']])(
  '%s lists every verb and the common options',
  async (...args) => {
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    for (const entry of verbs) expect(stdout).toContain(`unseen ${wordOf(entry)}`);
    expect(stdout).toMatch(/--json +Print.*--verbose.*--version.*--help/s);
  },
);

test.each([
  [['report', 'a', '--out', ''], '--out is an empty text', 'variables'],
  [['predict', 'a', 'b.png', ''], '<images> is an empty text', 'variables'],
  [['rnu'], "unknown verb 'rnu'", "did you mean 'run'?"],
  [['dataset', 'lst'], "unknown verb 'lst'", "did you mean 'list'?"],
  [['backends', '--jsn'], "unknown option '--jsn'", "did you mean '--json'?"],
  [['run'], 'an argument is missing', 'unseen run <experiment>'],
  [[], 'no verb is given', 'demo, run'],
  [['demo', '--seed', 'x'], "--seed 'x'", 'expected a whole number'],
  [['demo', '--out', 'a', '--out', 'b'], '--out a and b', 'pass --out only once'],
  [['bench', '--backend', 'cpu', '--backend', 'auto'], '--backend cpu and auto', 'pass --backend only once'],
  [['demo', '--backend', 'gpu'], "--backend 'gpu'; expected one of: auto, tensorflow", "did you mean 'cpu'?"],
  [['metrics', '--gt', 'a'], 'missing required arguments: pred, dataset', '--help'],
  [['run', 'x', '--seeds', '1,1'], "--seeds '1,1'", 'different whole numbers'],
  [['models', 'show', 'resnet51.tv_in1k'], "unknown model 'resnet51.tv_in1k'", "did you mean 'resnet50.tv_in1k'?"],
  [['models', 'list', 'vgg17'], "no model name contains 'vgg17'", "did you mean 'vgg16'?"],
  [['models', 'show', 'vgg16.tv_in1k', '--size', '0x9'], "--size '0x9'", 'a size such as 321 or 375x500'],
  [['metrics', '--pred', 'a', '--gt', 'b', '--dataset', 'nowhere'], "unknown dataset 'nowhere'", 'expected one of'],
])('%j is one sentence and what to do', async (args, given, advice) => {
  const { code, stdout, stderr } = await run(...args);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^unseen: /);
  expect(stderr).toContain(given);
  expect(stderr).toContain(advice);
  expect(stderr).not.toContain('    at ');
});

test('--json prints exactly one object on standard output, also on failure; the rest goes to standard error', async () => {
  const start = (...args: string[]) => startUnseen(args, dir).ended;
  const { code, stdout, stderr } = await start('backends', '--json');
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout).backends).toContainEqual(expect.objectContaining({ name: 'cpu' }));
  expect(stderr).toContain('onnxruntime');
  const failed = await start('report', 'none', '--json');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout).error).toContain('does not exist');
});

test('--verbose shows where an error comes from', async () => {
  const { code, stderr } = await run('report', 'none', '--verbose');
  expect(code).toBe(1);
  expect(stderr).toContain('    at ');
});

test('registered datasets are found from any folder', async () => {
  const { code, lastLine } = await run('dataset', 'list', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(lastLine).datasets).toContainEqual(expect.objectContaining({ name: 'toy-attributes' }));
});

test('models are listed and shown with what they cost', async () => {
  const list = await run('models', 'list', 'test_deeplab', '--json');
  const names = JSON.parse(list.lastLine).models.map(({ name }: { name: string }) => name);
  expect(names).toContain('test_deeplabv3plus_zs3.micro');
  const shown = await run('models', 'show', 'test_resnet.micro', '--size', '33x64', '--output-stride', '4', '--json');
  expect(shown.code).toBe(0);
  expect(JSON.parse(shown.lastLine)).toMatchObject({ size: [33, 64], outputStride: 4, taps: ['stage3'] });
  expect(shown.stderr).toMatch(/stage3 +64 +4 +9x16 +tap/);
});

test('the version is that of the package', async () => {
  const { code, stdout } = await run('--version');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
