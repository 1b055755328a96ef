import { readFile } from 'node:fs/promises';
import { didYouMean, UserError } from '@unseen/core';
import yargs, { type Argv } from 'yargs';
import { markOperands, unmarkOperands } from './operands.ts';
import { COMMON_OPTIONS } from './overview.ts';
import type { Verb, VerbContext } from './verb.ts';
import { type VerbEntry, verbs, wordOf } from './verbs.ts';

/** Runs the verb that the arguments name and prints what it gives back, or prints its help. Wrong usage is a {@link UserError}. */
export async function runVerb(given: readonly string[], context: VerbContext): Promise<void> {
  const args = markOperands(given);
  const known: Known = { words: verbs.map(wordOf), options: Object.keys(COMMON_OPTIONS), usage: '<verb>' };
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  let work: (() => Promise<object>) | undefined;
  const add = (parser: Argv, entry: VerbEntry, prefix: string) =>
    addVerb(parser, entry, prefix, known, (verb, parsed) => {
      const unmarked = unmarkOperands(parsed);
      refuseEmpty(verb, unmarked);
      work = () => verb.run(unmarked, context);
    });
  const parser = yargs()
    .scriptName('unseen')
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-positional-numbers': false,
    })
    .options(COMMON_OPTIONS)
    .version(version)
    .help()
    .wrap(Math.min(100, context.terminal.columns))
    .demandCommand(1, 'no verb is given')
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? explainUsage(unmarkOperands(message), args, known);
    });
  for (const entry of verbs) {
    if ('verbs' in entry) {
      parser.command(entry.name, entry.summary, (sub) => {
        known.words = entry.verbs.map(wordOf);
        for (const inner of entry.verbs) add(sub, inner, `${entry.name} `);
        return sub.demandCommand(1, 'no verb is given');
      });
    } else add(parser, entry, '');
  }
  // Without a callback yargs writes help to the console itself.
  const output = await new Promise<string>((resolve, reject) => {
    // Errors of our own checks of single options arrive wrapped, their words intact.
    const fail = (error: Error) =>
      reject(error.name === 'YError' ? explainUsage(unmarkOperands(error.message), args, known) : error);
    Promise.resolve(parser.parse([...args], {}, (error, _, text) => (error ? fail(error) : resolve(text)))).catch(fail);
  });
  if (output !== '') context.terminal.print(output);
  if (work) context.terminal.result(await work());
}

/** What may be written where the parser stands, for suggestions. */
interface Known {
  words: readonly string[];
  options: readonly string[];
  /** Of the verb that was selected. */
  usage: string;
}

function addVerb(
  parser: Argv,
  { command, summary, load }: VerbEntry,
  prefix: string,
  known: Known,
  select: (verb: Verb, args: Readonly<Record<string, unknown>>) => void,
): void {
  let verb: Verb;
  parser.command(
    command,
    summary,
    async (sub) => {
      verb = await load();
      known.words = [];
      known.usage = `${prefix}${command}`;
      known.options = [...Object.keys(COMMON_OPTIONS), ...Object.keys(verb.options), 'help', 'version'];
      for (const [name, positional] of Object.entries(verb.positionals)) sub.positional(name, positional);
      sub.options(verb.options).usage(`unseen ${prefix}${command}\n\n${summary}.`);
      for (const [example, description] of verb.examples) sub.example(example, description);
      return sub;
    },
    (parsed) => select(verb, parsed),
  );
}

/** An empty text is a variable of the shell without a value: as a path it would mean the working folder. */
function refuseEmpty({ positionals, options }: Verb, args: Readonly<Record<string, unknown>>): void {
  for (const name of [...Object.keys(positionals), ...Object.keys(options)]) {
    const value = args[name];
    if (value !== '' && !(Array.isArray(value) && value.includes(''))) continue;
    throw new UserError({
      given: `${Object.hasOwn(positionals, name) ? `<${name}>` : `--${name}`} is an empty text`,
      remedy: 'check that the variables of the command have values',
    });
  }
}

const HELP = "see 'unseen <verb> --help'";

/** Turns yargs' messages into errors with suggestions. */
function explainUsage(message: string, args: readonly string[], { words, options, usage }: Known): UserError {
  const [, unknown] = /^Unknown (?:argument|command)s?: (.+)$/.exec(message) ?? [];
  if (unknown !== undefined) {
    const names = unknown.split(', ');
    const isOption = (name: string) =>
      args.some((arg) => arg.split('=')[0] === `--${name}` || (name.length === 1 && /^-[^-]/.test(arg)));
    const name = names.find(isOption) ?? names[0];
    if (isOption(name)) {
      return new UserError({
        given: `unknown option '${name.length === 1 ? '-' : '--'}${name}'`,
        remedy: HELP,
        ...didYouMean(name, options, { prefix: '--' }),
      });
    }
    return new UserError(
      words.length > 0
        ? {
            given: `unknown verb '${name}'`,
            expected: `one of: ${words.join(', ')}`,
            ...didYouMean(name, words),
          }
        : { given: `'${names.join(' ')}': unexpected argument`, remedy: HELP },
    );
  }
  if (message === 'no verb is given') {
    return new UserError({ given: message, expected: `one of: ${words.join(', ')}`, remedy: "see 'unseen --help'" });
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return new UserError({ given: 'an argument is missing', expected: `unseen ${usage}` });
  }
  const [, without] = /^Not enough arguments following: (.+)$/.exec(message) ?? [];
  if (without !== undefined) return new UserError({ given: `--${without} without a value`, remedy: HELP });
  const [, option, given, choices] = /Argument: (.+), Given: "(.*)", Choices: (.+)$/.exec(message) ?? [];
  if (option !== undefined) {
    const list = choices.replaceAll('"', '');
    return new UserError({
      given: `--${option} '${given}'`,
      expected: `one of: ${list}`,
      ...didYouMean(given, list.split(', ')),
    });
  }
  return new UserError({
    given: message.charAt(0).toLowerCase() + message.slice(1).split('\n').join(' '),
    remedy: "see 'unseen --help'",
  });
}
