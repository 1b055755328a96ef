import { explainFileError, UserError } from '@unseen/core';

/** Why standard output takes no more; `closed` when its reader went away. */
let lost: 'closed' | NodeJS.ErrnoException | undefined;
let watching = false;

/**
 * Keeps a standard output or error that takes no more from ending the work: what was to be written is dropped. A reader
 * that went away (`unseen … | head`) has what it wanted; anything else is told by {@link requireOutput}.
 */
export function watchOutput(): void {
  if (watching) return;
  watching = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    lost ??= error.code === 'EPIPE' ? 'closed' : error;
  });
  // There is nowhere to tell.
  process.stderr.on('error', () => undefined);
}

/** Waits until all output is written; output that got lost is a {@link UserError}. */
export async function requireOutput(): Promise<void> {
  if (lost === undefined) await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
  if (lost === undefined || lost === 'closed') return;
  const error = explainFileError(lost, 'standard output');
  throw new UserError(
    {
      given: `the result could not be written to standard output (${lost.code ?? lost.message})`,
      remedy:
        error instanceof UserError
          ? 'free some space or write it elsewhere; files that were made are whole'
          : 'write it elsewhere',
    },
    { cause: lost },
  );
}

/** An error of the file system that nobody explained, as a {@link UserError} about its path; others as they are. */
export function explained(error: unknown): unknown {
  const { path, dest } = (error ?? {}) as { readonly path?: unknown; readonly dest?: unknown };
  const place = [dest, path].find((one) => typeof one === 'string');
  return error instanceof Error && typeof place === 'string' ? explainFileError(error, place) : error;
}
