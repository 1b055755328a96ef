import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

const isRun = (path: string) => ['metrics.json', 'config.yaml'].some((file) => existsSync(join(path, file)));
const isReport = (path: string) => ['index.html', 'report.json'].every((file) => existsSync(join(path, file)));

/** The runs that paths lead to: a folder of runs stands for all in it, and written reports are passed over. */
export async function findRuns(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      if (path.endsWith('.json') || isRun(path)) return [path];
      const entries = await readdir(path).catch(() => []);
      const inside = entries
        .sort()
        .map((name) => join(path, name))
        .filter(isRun);
      // What is nothing of all this is left to those who read it and say why they cannot.
      return inside.length > 0 || isReport(path) ? inside : [path];
    }),
  );
  return found.flat();
}

/** The innermost folder that holds all of the paths. */
export function commonFolder(paths: readonly string[]): string {
  return paths
    .map((path) => dirname(resolve(path)))
    .reduce((common, folder) => {
      let shared = common;
      while (folder !== shared && !folder.startsWith(shared.endsWith(sep) ? shared : shared + sep))
        shared = dirname(shared);
      return shared;
    });
}
