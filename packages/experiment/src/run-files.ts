import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  explainFileError,
  isBeingWritten,
  isTemporary,
  messageOf,
  readJson,
  resolveInside,
  UserError,
} from '@unseen/core';
import { readYaml } from '@unseen/formats';
import { z } from 'zod';

/** Lock of a run folder. */
export const LOCK = 'lock';

/** Lock of a process that does a part of the images of a run. */
export const shardLock = ({ index, count }: { readonly index: number; readonly count: number }) =>
  `${LOCK}.shard-${index}-of-${count}`;

/** Names of the locks that {@link shardLock} has named. */
export async function shardLocksIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => /^lock\.shard-\d+-of-\d+$/.test(name));
}

/** What runs, and the commands that add to them, leave at the top of a run folder. Outputs of stages come on top. */
const OWN_NAMES = new Set([
  'config.yaml',
  'environment.json',
  'stages.json',
  'dataset.json',
  'log.jsonl',
  'checkpoints',
  'features',
  'artifacts',
  'patches',
  'panels',
  'backbone.safetensors',
  'calibration.json',
  'report',
  'analysis',
]);
/** TensorBoard's events, and metrics, those of other test-time options among them. */
const OWN_PATTERN = /^(events\.out\.tfevents\..+|metrics(\..+)?\.json)$/;

/** These say that a folder is a run's: they are written first and removed last. */
const MARKS = ['stages.json', 'config.yaml', 'environment.json'];

/** A folder that may hold a run. */
export type FolderState =
  | { readonly kind: 'empty' }
  /** With its settings as they stand there, unchecked. */
  | { readonly kind: 'run'; readonly config: Readonly<Record<string, unknown>> }
  /** A run whose settings cannot be read, and why. */
  | { readonly kind: 'damaged'; readonly why: string }
  /** A run that was killed before its settings were written. */
  | { readonly kind: 'begun' }
  /** Something else. `why` says so as a sentence about the folder. */
  | { readonly kind: 'foreign'; readonly why: string };

/**
 * Looks at a folder and changes nothing. It is a run's when `config.yaml` names an experiment and its method, and
 * `environment.json` or `stages.json` is one that a run has written: others keep a `config.yaml` too.
 */
export async function inspectFolder(path: string): Promise<FolderState> {
  const entries = (await namesIn(path)).filter((name) => !isPassing(name));
  if (entries.length === 0) return { kind: 'empty' };
  const isMarked = (await isEnvironment(path)) || (await isStages(path));
  if (!entries.includes('config.yaml')) {
    if (entries.join() === 'environment.json' && isMarked) return { kind: 'begun' };
    const shown = `${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''}`;
    return { kind: 'foreign', why: `holds ${shown} and no run` };
  }
  if (!isMarked) {
    return { kind: 'foreign', why: 'has a config.yaml, but no environment.json or stages.json of a run beside it' };
  }
  const config = await readYaml(join(path, 'config.yaml'), z.record(z.string(), z.unknown())).catch(messageOf);
  if (typeof config === 'string') return { kind: 'damaged', why: config };
  if (typeof config.name === 'string' && typeof config.method === 'string') return { kind: 'run', config };
  return { kind: 'foreign', why: 'has a config.yaml that names no experiment and method' };
}

/** The error for a folder that is not a run's. */
export function notARun(path: string, why: string): UserError {
  return new UserError({
    given: `${path} ${why}`,
    expected: 'a new or empty folder, or the folder of a run',
    remedy: 'choose another one with --out',
  });
}

/** Which paths of a run folder are the run's own: a list of names, and the outputs that stages declare. */
export class OwnFiles {
  private readonly outputs: readonly string[];

  /** `outputs` are relative to the folder. */
  constructor(outputs: readonly string[] = []) {
    this.outputs = outputs.map((path) => path.replaceAll('\\', '/'));
  }

  /**
   * Removes everything of the run's own. What is left, by name: nobody else's files are touched. As long as something of
   * the run is there, the folder is known to be a run's.
   */
  async remove(folder: string): Promise<string[]> {
    for (const name of await namesIn(folder)) {
      if (MARKS.includes(name)) continue;
      if (this.isOwn(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
    for (const path of this.outputs) {
      await rm(await resolveInside(folder, path, 'an output of a stage'), { recursive: true, force: true });
      await removeEmptyParents(folder, path);
    }
    for (const name of MARKS) await rm(join(folder, name), { force: true });
    return (await namesIn(folder)).filter((name) => !isPassing(name));
  }

  /** Removes what a killed process has left half-written: writes are made under names of their own and then renamed. */
  async removeUnfinished(folder: string): Promise<void> {
    const sweep = async (path: string, isOwn: (name: string) => boolean): Promise<void> => {
      for (const entry of await readdir(path, { withFileTypes: true })) {
        const { name } = entry;
        if (!isOwn(name)) continue;
        if (entry.isDirectory()) await sweep(join(path, name), () => true);
        else if (isTemporary(name) && !isBeingWritten(name)) await rm(join(path, name), { force: true });
      }
    };
    await sweep(folder, (name) => this.isOwn(name));
  }

  private isOwn(name: string): boolean {
    const written = isTemporary(name) ? writtenAs(name) : name;
    return (
      written === undefined || OWN_NAMES.has(written) || OWN_PATTERN.test(written) || this.outputs.includes(written)
    );
  }
}

/** What a file that is being written will be called; `undefined` where its name alone says that it is ours. */
function writtenAs(temporary: string): string | undefined {
  return temporary.startsWith('.') ? undefined : temporary.replace(/\.\d+-\d+\.tmp$/, '');
}

/** Locks, and what a process that was killed had begun to write. */
function isPassing(name: string): boolean {
  return /^lock(\.shard-\d+-of-\d+)?(\.takeover)?$/.test(name) || (isTemporary(name) && name.startsWith('.'));
}

async function removeEmptyParents(folder: string, path: string): Promise<void> {
  const parts = path.split('/').slice(0, -1);
  for (let length = parts.length; length > 0; length--) {
    await rmdir(join(folder, ...parts.slice(0, length))).catch(() => undefined);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw explainFileError(error, folder);
  });
}

async function isEnvironment(folder: string): Promise<boolean> {
  const found = await readAny(join(folder, 'environment.json'));
  return typeof found?.node === 'string' && typeof found.backend === 'string' && typeof found.seed === 'number';
}

async function isStages(folder: string): Promise<boolean> {
  const found = await readAny(join(folder, 'stages.json'));
  const isStage = (one: unknown) => typeof (one as { hash?: unknown } | null)?.hash === 'string';
  return Array.isArray(found?.finished) && found.finished.every(isStage);
}

async function readAny(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const value = await readJson(path).catch(() => undefined);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
