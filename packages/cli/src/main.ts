import type { Methods } from '@unseen/experiment';
import { announceAssets } from './assets.ts';
import { installedMethods } from './methods.ts';
import { optionsOf } from './operands.ts';
import { explained, requireOutput, watchOutput } from './output.ts';
import { asksForOverview, overview } from './overview.ts';
import { type Output, Terminal } from './terminal.ts';

/** What {@link main} can be given instead of what is installed. */
export interface MainOptions {
  readonly methods?: () => Promise<Methods>;
  /** Default: those of the process. */
  readonly stdout?: Output;
  readonly stderr?: Output;
}

/** Runs the command `unseen` with its arguments; the exit code is 0 only on success. */
export async function main(args: readonly string[], options: MainOptions = {}): Promise<number> {
  const { methods = installedMethods, stdout = process.stdout, stderr = process.stderr } = options;
  const given = optionsOf(args);
  const flags = { json: given.includes('--json'), verbose: given.includes('--verbose') };
  const terminal = new Terminal({ ...flags, stdout, stderr });
  watchOutput();
  announceAssets();
  const { log, info, debug } = console;
  // Libraries that talk on standard output would spoil the JSON.
  if (terminal.json) console.log = console.info = console.debug = console.error;
  // What is thrown where nobody waits for it, by a timer for example.
  const stop = (error: unknown) => {
    terminal.error(explained(error));
    process.exit(1);
  };
  process.on('uncaughtException', stop);
  try {
    if (asksForOverview(given)) terminal.print(overview());
    else await (await import('./command-line.ts')).runVerb(args, { terminal, methods });
    await requireOutput();
    return terminal.exitCode;
  } catch (error) {
    terminal.error(explained(error));
    return error instanceof Error && 'exitCode' in error ? Number(error.exitCode) : 1;
  } finally {
    Object.assign(console, { log, info, debug });
    process.off('uncaughtException', stop);
  }
}
