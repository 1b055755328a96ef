import { textTable } from './table.ts';
import { verbs, wordOf } from './verbs.ts';

/** Options of every verb. */
export const COMMON_OPTIONS = {
  json: { type: 'boolean', default: false, describe: 'Print the result as one JSON object in the last line' },
  verbose: { type: 'boolean', default: false, describe: 'Show where an error comes from' },
} as const;

/** Whether the arguments ask for help without naming a verb. */
export function asksForOverview(args: readonly string[]): boolean {
  const word = args.find((arg) => !arg.startsWith('-'));
  return args.includes('--help') && !verbs.some((entry) => wordOf(entry) === word);
}

/** What `unseen --help` prints. It needs no parser of arguments, which takes longer to load than all else. */
export function overview(): string {
  const options = [
    ...Object.entries(COMMON_OPTIONS).map(([name, { describe }]) => [name, describe]),
    ['version', 'Show version number'],
    ['help', 'Show help, of a verb too'],
  ];
  return [
    'unseen <verb>',
    'Semantic segmentation of classes that were never annotated.',
    section(
      'Commands:',
      verbs.map((entry) => [`unseen ${'verbs' in entry ? entry.name : entry.command}`, entry.summary]),
    ),
    section(
      'Options:',
      options.map(([name, description]) => [`--${name}`, description]),
    ),
  ].join('\n\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}\n${textTable(rows).replaceAll(/^/gm, '  ')}`;
}
