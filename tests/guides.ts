import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import { fencesOf, ROOT, readPage } from './pages.ts';

const run = promisify(execFile);
const MODULES = join(ROOT, 'node_modules');

/** What a page asks its reader to do with a file: write it, or put lines before a line of it or in its place. */
export interface Step {
  readonly file: string;
  readonly lines: string;
  readonly place?: 'before' | 'instead of';
  /** The line, without its indentation. */
  readonly anchor?: string;
}

/** Every step of a page, in its order. A block of code or data that belongs to no step is an error. */
export function stepsOf(page: string): Step[] {
  const pattern =
    /^(?:New file|In) `([^`]+)`(?:, (before|instead of) `([^\n]+)`)?:\n\n```(?:ts|yaml|csv)\n(.+?)^```$/gms;
  const steps = [...readPage(page).matchAll(pattern)].map(([, file, place, anchor, lines]) => ({
    file,
    lines,
    ...(place ? { place: place as Step['place'], anchor } : {}),
  }));
  const blocks = fencesOf(page).filter(({ language }) => ['ts', 'yaml', 'csv'].includes(language));
  if (blocks.length !== steps.length) {
    throw new Error(`${page} has ${blocks.length} blocks of code, and says of ${steps.length} where they belong`);
  }
  return steps;
}

/** Does what a page asks for, in a folder. A line that is not there, or there twice, is an error. */
export function carryOut(folder: string, { file, place, anchor, lines }: Step): void {
  const path = join(folder, file);
  if (place === undefined) {
    if (existsSync(path)) throw new Error(`${file} is there already`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, lines);
    return;
  }
  const old = readFileSync(path, 'utf8').split('\n');
  const places = old.flatMap((line, i) => (line.trim() === anchor ? [i] : []));
  if (places.length !== 1) throw new Error(`${file} has ${places.length} lines '${anchor}'`);
  const changed = old.toSpliced(places[0], place === 'before' ? 0 : 1, ...lines.trimEnd().split('\n'));
  writeFileSync(path, changed.join('\n'));
}

/** How a test of the copy ended. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly status: string;
}

/** A copy of the project's sources, to be changed; its dependencies are the project's own. */
export class Workspace {
  readonly dir: string;

  constructor() {
    // Compilers and test runners name files by their real paths.
    this.dir = realpathSync(temporaryFolder());
    mkdirSync(join(this.dir, 'node_modules/@unseen'), { recursive: true });
    for (const entry of readdirSync(MODULES)) {
      if (entry !== '@unseen' && !entry.startsWith('.')) this.link(join(MODULES, entry), 'node_modules', entry);
    }
    for (const name of readdirSync(join(ROOT, 'packages'))) {
      for (const part of ['src', 'package.json']) this.copy('packages', name, part);
      this.link(join(this.dir, 'packages', name), 'node_modules/@unseen', name);
      // Versions that npm could not put beside the others.
      const own = join(ROOT, 'packages', name, 'node_modules');
      if (existsSync(own)) this.link(own, 'packages', name, 'node_modules');
    }
    for (const file of [
      'tsconfig.base.json',
      'vitest.config.ts',
      'package.json',
      'datasets',
      'embeddings',
      'experiments',
    ])
      this.copy(file);
    for (const part of ['conformance', 'helpers', 'parity/fixture-reporter.ts']) this.copy('tests', part);
  }

  private copy(...path: string[]): void {
    cpSync(join(ROOT, ...path), join(this.dir, ...path), { recursive: true });
  }

  private link(target: string, ...path: string[]): void {
    symlinkSync(target, join(this.dir, ...path));
  }

  /** {@link carryOut} in this copy. */
  carryOut(step: Step): void {
    carryOut(this.dir, step);
  }

  /** What the compiler says of the given files and all that they import. */
  async typeErrors(files: readonly string[]): Promise<string> {
    const options = { composite: false, declaration: false, sourceMap: false, noEmit: true };
    const config = { extends: './tsconfig.base.json', compilerOptions: options, files };
    writeFileSync(join(this.dir, 'tsconfig.json'), JSON.stringify(config));
    const tsc = await run(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', '.'], { cwd: this.dir }).catch(
      (error: { stdout: string }) => error,
    );
    return tsc.stdout;
  }

  /** Runs the tests of some files whose names match. */
  async test(files: readonly string[], names: RegExp): Promise<TestResult[]> {
    const report = join(this.dir, 'report.json');
    const options = ['-t', names.source, '--maxWorkers=1', '--reporter=json', `--outputFile=${report}`];
    const vitest = [join(MODULES, 'vitest/vitest.mjs'), 'run', ...files, ...options];
    const { stderr } = await run(process.execPath, vitest, { cwd: this.dir }).catch(
      (error: { stderr: string }) => error,
    );
    if (!existsSync(report)) throw new Error(`the tests did not run: ${stderr}`);
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { name: string; message: string; assertionResults: { fullName: string; status: string }[] }[];
    };
    return testResults.flatMap(({ name, message, assertionResults }) => {
      const file = name.replace(`${this.dir}/`, '');
      if (message !== '') throw new Error(`${file}: ${message}`);
      return assertionResults
        .filter(({ status }) => status !== 'skipped' && status !== 'pending')
        .map(({ fullName, status }) => ({ file, name: fullName, status }));
    });
  }
}
