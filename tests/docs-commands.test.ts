import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Verb } from '../packages/cli/src/verb.ts';
import { verbs, wordOf } from '../packages/cli/src/verbs.ts';
import { carryOut, stepsOf } from './guides.ts';
import { unseen as runUnseen } from './helpers/command.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import {
  commandsOf,
  type DocumentedCommand,
  documentationPages,
  fencesOf,
  isShell,
  mentionsOf,
  ROOT,
} from './pages.ts';

/*
 * Every command of the documentation is looked at here. The quick ones run, where they stand (EXECUTED); of all others the
 * arguments go through the command's own parser, and the settings of experiments are resolved, so that no page names an
 * option, a setting or an experiment that is gone. What the verbs then do is tested elsewhere (COVERED).
 */

/** Commands that run in an empty folder, in the order of their page, and what they print. */
const EXECUTED: Readonly<Record<string, RegExp>> = {
  // Every stage for a moment; scripts/demo.mjs installs and builds before.
  'npm run demo': /cagnet-st(.|\n)*Comparison: /,
  'npx unseen models list resnet': /resnet101\.caffe_in1k/,
  'npx unseen dataset list': /voc-animals +21 +default 9\+3/,
  'npx unseen backends': /onnxruntime/,
  'unseen dataset export toy-scenes --layout voc --to toy-voc --first 20': /toy-voc/,
  'unseen dataset export toy-voc/dataset.yaml --layout coco-panoptic --to toy-panoptic': /toy-panoptic/,
  'unseen dataset split toy-scenes --labelled 1/8 --seed 0 --out eighth':
    /eighth\/labelled\.txt: 250 of the 2000 training images/,
};

/** A page of which every command runs, in a folder with the files that it has its readers write. */
const FOLLOWED = 'docs/adding-a-dataset.md';

/** Tests of what else the documentation asks for, by the beginning of the command. */
const COVERED: Readonly<Record<string, string>> = {
  'npm run performance': 'tests/docs-performance.test.ts',
  'unseen analyze': 'tests/cli/analyze.test.ts',
  'unseen backends': 'tests/cli/usage.test.ts',
  'unseen bench': 'tests/cli/bench.test.ts',
  'unseen dataset doctor': 'tests/cli/dataset-doctor.test.ts',
  'unseen dataset export': 'tests/cli/dataset-export.test.ts',
  'unseen dataset prepare': 'tests/cli/dataset-prepare.test.ts',
  'unseen embed': 'tests/cli/embed.test.ts',
  'unseen evaluate': 'tests/cli/trained-run.test.ts',
  'unseen export onnx': 'tests/cli/export-onnx.test.ts',
  'unseen extend': 'packages/zero-shot/src/generative/extension.test.ts',
  'unseen features extract': 'tests/cli/features.test.ts',
  'unseen features inspect': 'tests/cli/features-inspect.test.ts',
  'unseen features synthesize': 'tests/cli/analyze.test.ts',
  'unseen metrics': 'tests/cli/metrics.test.ts',
  'unseen models': 'tests/cli/usage.test.ts',
  'unseen predict': 'tests/cli/trained-run.test.ts',
  'unseen report': 'tests/cli/runs.test.ts',
  'unseen run': 'tests/cli/runs.test.ts',
  'unseen weights': 'tests/cli/weights.test.ts',
};

const pages = documentationPages();
const scripts = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts);
const commands = pages.flatMap(commandsOf);

/** Words of a command line without variables before it; nothing here is quoted. */
function wordsOf(text: string): string[] {
  const words = text.split(/\s+/);
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  return first < 0 ? [] : words.slice(words[first] === 'npx' && words[first + 1] === 'unseen' ? first + 1 : first);
}

const dir = temporaryFolder();

/** The command in this process, from a folder: its exit code and all that it printed. */
async function unseen(args: readonly string[], cwd = dir): Promise<{ code: number | null; text: string }> {
  const { code, stdout, stderr } = await runUnseen(args, cwd);
  return { code, text: stdout + stderr };
}

/** The verb that words name, and how many of them do; an unknown one is an error. */
async function verbOf(words: readonly string[]): Promise<{ verb: Verb; name: string }> {
  const entry = verbs.find((one) => wordOf(one) === words[0]);
  const inner = entry && 'verbs' in entry ? entry.verbs.find((one) => wordOf(one) === words[1]) : entry;
  if (!entry || !inner || 'verbs' in inner) throw new Error(`there is no verb '${words.slice(0, 2).join(' ')}'`);
  return { verb: await inner.load(), name: ['unseen', ...words.slice(0, entry === inner ? 1 : 2)].join(' ') };
}

/** Parses a command by the program's own parser, without doing what it asks for. */
async function expectParsed(words: readonly string[]): Promise<void> {
  const { verb } = await verbOf(words);
  const run = vi.spyOn(verb, 'run').mockResolvedValue({});
  try {
    const { text } = await unseen(words);
    expect(text).toBe(words.includes('--json') ? '{}\n' : '');
    expect(run).toHaveBeenCalledOnce();
  } finally {
    run.mockRestore();
  }
}

async function expectCommand({ page, text }: DocumentedCommand): Promise<void> {
  const [program, ...args] = wordsOf(text);
  switch (program) {
    case undefined:
    case 'export':
      return;
    case 'unseen': {
      if (text in EXECUTED) {
        const { code, text: printed } = await unseen(args);
        expect(printed).toMatch(EXECUTED[text]);
        expect(code).toBe(0);
        return;
      }
      await expectParsed(args);
      // Files of the reader's own are not there, and neither is what those pages add.
      if (args[0] !== 'run' || /^(my|experiment)\.yaml$/.test(args[1]) || page.startsWith('docs/adding-')) return;
      const overrides = args.flatMap((word, i) => (args[i - 1] === '--set' ? ['--set', word] : []));
      const { code, text: printed } = await unseen(['experiment', 'show', args[1], ...overrides]);
      expect(code, printed).toBe(0);
      return;
    }
    case 'npm':
      if (text in EXECUTED) {
        const { code, text: printed } = await unseen(['demo', '--quick']);
        expect(printed).toMatch(EXECUTED[text]);
        expect(code).toBe(0);
      }
      if (args[0] === 'run') expect(scripts).toContain(args[1]);
      else expect(['test', 'ci', 'install']).toContain(args[0]);
      return;
    case 'npx':
      expect(args.slice(0, 2)).toEqual(['vitest', 'run']);
      for (const path of args.slice(2).filter((word) => word.includes('/')))
        expect(page.startsWith('docs/adding-') || existsSync(join(ROOT, path)), path).toBe(true);
      return;
    case 'node':
      expect(existsSync(join(ROOT, args[0]))).toBe(true);
      return;
    default:
      throw new Error(`'${program}' is not a command that these pages should need`);
  }
}

test('every fenced block says its language, or begins with a command', () => {
  const unclear = pages.flatMap(fencesOf).filter((fence) => fence.language === '' && !isShell(fence));
  expect(unclear.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});

test('what is said to be executed or covered elsewhere is documented, and its test is there', () => {
  const texts = commands.map(({ text }) => text);
  expect(Object.keys(EXECUTED).filter((command) => !texts.includes(command))).toEqual([]);
  const joined = texts.map((text) => wordsOf(text).join(' '));
  expect(Object.keys(COVERED).filter((beginning) => !joined.some((text) => text.startsWith(beginning)))).toEqual([]);
  expect(Object.values(COVERED).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test(`${FOLLOWED} can be followed from the first command to the last`, async () => {
  const folder = temporaryFolder();
  for (const name of ['datasets', 'embeddings', 'experiments'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const step of stepsOf(FOLLOWED)) carryOut(folder, step);
  vi.stubEnv('UNSEEN_DATASETS', join(folder, 'datasets'));
  vi.stubEnv('UNSEEN_EMBEDDINGS', join(folder, 'embeddings'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const printed: string[] = [];
  for (const { text } of commandsOf(FOLLOWED)) {
    const [, name, value] = /^export (\w+)=(\S+)$/.exec(text) ?? [];
    if (name) vi.stubEnv(name, value);
    else {
      const [, ...args] = wordsOf(text);
      const { code, text: output } = await unseen(args, folder);
      expect(code, `${text}: ${output}`).toBe(0);
      printed.push(output);
    }
  }
  const [exported, listed, doctored, built, inspected, planned, done] = printed;
  expect(exported).toContain('30 training and 30 test images');
  expect(listed).toMatch(/shapes +5 +default 3\+2/);
  expect(doctored).toContain('0 errors, 1 warning');
  expect(built).toContain('shapes.arrow: 5 classes, 3 numbers each');
  expect(inspected).toContain('nothing suspicious');
  expect(planned).toMatch(/classes +3 seen, 2 unseen/);
  expect(done).toContain('zs3net');
  expect(existsSync(join(folder, 'runs/zs3net-shapes/metrics.json'))).toBe(true);
}, 300_000);

const others = pages.filter((page) => page !== FOLLOWED && commandsOf(page).length > 0);
describe.each(others)('%s', (page) => {
  test.each(commandsOf(page))('line $line: $text', async (command) => {
    await expectCommand(command);
    const [program, ...args] = wordsOf(command.text);
    if (program !== 'unseen' || command.text in EXECUTED) return;
    const { name } = await verbOf(args);
    expect(
      Object.keys(COVERED).some((beginning) => name.startsWith(beginning)),
      `${name} is tested`,
    ).toBe(true);
  });
});

test.each(pages.flatMap((page) => mentionsOf(page, 'unseen').map((text) => [page, text])))(
  '%s: `%s` has a verb and options that exist',
  async (_, text) => {
    const words = text.split(' ').slice(1);
    if (words.length === 1 && verbs.some((entry) => 'verbs' in entry && entry.name === words[0])) return;
    const { verb } = await verbOf(words);
    const options = words.flatMap((word) => /^--([\w-]+)/.exec(word)?.[1] ?? []);
    const known = [...Object.keys(verb.options), 'json', 'verbose', 'help'];
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  },
);

test('scripts of npm that are mentioned exist', () => {
  const named = pages.flatMap((page) => mentionsOf(page, 'npm run').map((text) => text.split(' ')[2]));
  expect(named).toContain('setup:gpu');
  expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
});
