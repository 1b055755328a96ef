import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** A fenced block of a page. */
export interface Fence {
  readonly page: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
}

/** A command line of a page: continued lines joined, its comment gone. */
export interface DocumentedCommand {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** README, CONTRIBUTING, docs/ and the READMEs of the experiments, by their paths within the project. */
export function documentationPages(): string[] {
  const below = (folder: string) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((file) => file.endsWith('.md') && !file.startsWith(join('docs', 'api')));
  const root = readdirSync(ROOT).filter((file) => file.endsWith('.md'));
  return [...root, ...below('docs'), ...below('experiments')].sort();
}

/** The text of a page. */
export const readPage = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** Every fenced block of a page. */
export function fencesOf(page: string): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; language: string; lines: string[] } | undefined;
  for (const [i, line] of readPage(page).split('\n').entries()) {
    const [, language] = /^```(\S*)/.exec(line) ?? [];
    if (language === undefined) open?.lines.push(line);
    else if (open) {
      fences.push({ page, ...open });
      open = undefined;
    } else open = { line: i + 2, language, lines: [] };
  }
  return fences;
}

const COMMAND = /^(?:\$ )?(?:npx|npm|node|unseen|export|[A-Z_]+=\S)/;

/** Whether a block is of commands: it says so, or names no language and begins with one. */
export const isShell = ({ language, lines }: Fence) =>
  ['sh', 'console'].includes(language) || (language === '' && COMMAND.test(lines[0]));

/** The command lines of a page; in a session only what stands behind a `$`. */
export function commandsOf(page: string): DocumentedCommand[] {
  return fencesOf(page)
    .filter(isShell)
    .flatMap(({ line: first, lines }) => {
      const session = lines.some((line) => line.startsWith('$ '));
      const commands: DocumentedCommand[] = [];
      let begun: { line: number; text: string } | undefined;
      for (const [i, line] of lines.entries()) {
        if (!begun && session && !line.startsWith('$ ')) continue;
        begun ??= { line: first + i, text: '' };
        const part = line.replace(/^\$ /, '').replace(/(^|\s+)#.*$/, '');
        begun.text += part.replace(/\s*\\$/, ' ').trimStart();
        if (part.endsWith('\\')) continue;
        if (begun.text.trim() !== '') commands.push({ page, line: begun.line, text: begun.text.trim() });
        begun = undefined;
      }
      return commands;
    });
}

/** Code within the running text of a page that begins with one of these words. */
export function mentionsOf(page: string, program: 'unseen' | 'npm run'): string[] {
  const prose = readPage(page).replace(/^```.*?^```$/gms, '');
  const spans = [...prose.matchAll(/`(?:npx )?([^`]+)`/g)].map(([, text]) => text.replaceAll(/\s+/g, ' '));
  return spans.filter((text) => text.startsWith(`${program} `));
}
