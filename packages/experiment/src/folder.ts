import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  hashJson,
  makeFolder,
  messageOf,
  readJson,
  requireUnlocked,
  takeLock,
  UserError,
  writeFileAtomic,
  writeJsonAtomic,
} from '@unseen/core';
import { readYaml } from '@unseen/formats';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { ExperimentConfig } from './config/schema.ts';
import type { BackendChoice } from './engine.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { RunLog } from './log.ts';
import type { Shard } from './pipeline/shard.ts';
import { type FolderState, inspectFolder, LOCK, notARun, OwnFiles, shardLock, shardLocksIn } from './run-files.ts';

const stageRecord = z.object({ name: z.string(), hash: z.string() });
/** How stages are recorded; another version hashes their settings differently. */
export const STAGES_VERSION = 2;
const stagesSchema = z.object({
  version: z.number().default(1),
  /** `hash` covers everything that the stage depended on. */
  finished: z.array(stageRecord.extend({ seconds: z.number() })),
  /** The stage that was begun last and has not finished. */
  running: stageRecord.optional(),
});

/** Content of `stages.json`. */
export type StagesRecord = z.output<typeof stagesSchema>;

/** What to do with a folder that already holds a run. Default: refuse it. */
export interface OpenOptions {
  /** Go on with the run. */
  readonly resume?: boolean;
  /** Throw the run away and start again; together with `resume`, only the stages whose settings changed. */
  readonly force?: boolean;
  /** Files that the stages of the method leave, relative to the folder: the run's own, besides those that all runs have. */
  readonly outputs?: readonly string[];
  /** Told of files in the folder that are not the run's and that `force` has left alone. */
  readonly warn?: (sentence: string) => void;
  /** Share the folder with processes that do the other parts of a stage's images. */
  readonly shard?: Shard | undefined;
}

/** The folder of one run, held by this process until {@link close}. */
export interface RunFolder {
  /** Absolute. */
  readonly path: string;
  readonly config: ExperimentConfig;
  readonly options: OpenOptions;
  readonly log: RunLog;
  /** What the folder says about earlier processes. */
  readonly stages: StagesRecord;
  /** Settings that differ from those the folder was made with, as `key: old → new`. */
  readonly changes: readonly string[];
  /** `environment.json` of the process before, when there was one. */
  readonly earlierEnvironment?: Environment;
  /** A path inside the folder. */
  file(...parts: string[]): string;
  /** Stores {@link config} and the environment as what the folder is made with from now on. */
  adopt(backend: BackendChoice): Promise<Environment>;
  saveStages(stages: StagesRecord): Promise<void>;
  close(): void;
}

/**
 * Opens or makes a run folder: `config.yaml`, `environment.json`, `log.jsonl`, `stages.json`, `checkpoints/`. Only the
 * run's own files are ever changed or removed.
 *
 * Throws a {@link UserError} when another process holds it, when it cannot be written, when it holds something that is not
 * a run, or a run and neither `resume` nor `force` is given.
 */
export async function openRunFolder(
  dir: string,
  config: ExperimentConfig,
  options: OpenOptions = {},
): Promise<RunFolder> {
  const path = resolve(dir);
  const file = (...parts: string[]) => join(path, ...parts);
  const own = new OwnFiles(options.outputs);
  // Before anything is written: not even a lock is put into a folder of somebody else.
  await inspectOwn(path);
  await makeFolder(path);
  const { shard } = options;
  const unlock = takeLock(file(shard ? shardLock(shard) : LOCK), path, '--out');
  try {
    // Several processes may do their parts of the images side by side, but nothing else.
    for (const name of shard ? [LOCK] : await shardLocksIn(path)) requireUnlocked(file(name), path, '--out');
    const found = await inspectOwn(path);
    const before = found.kind === 'run' ? found.config : undefined;
    const resume = options.resume || shard !== undefined;
    if (found.kind === 'damaged' && (resume || !options.force)) throw damaged(found.why);
    if (shard && before && differences(before, config).length > 0) throw occupied(path, before, config);
    if (found.kind === 'damaged' || (before && !resume)) {
      if (!options.force) throw occupied(path, before, config);
      const left = await own.remove(path);
      if (left.length > 0) options.warn?.(`these files in ${path} are not the run's and stay: ${listed(left)}`);
    }
    // Other processes may be writing theirs.
    if (!shard) await own.removeUnfinished(path);
    const kept = resume ? before : undefined;
    const stages: StagesRecord = kept
      ? await readStages(file('stages.json'))
      : { version: STAGES_VERSION, finished: [] };
    const log = new RunLog(file('log.jsonl'));
    const folder: RunFolder = {
      path,
      config,
      options,
      log,
      stages,
      changes: kept ? differences(kept, config) : [],
      ...(kept && existsSync(file('environment.json'))
        ? { earlierEnvironment: (await readRecord(file('environment.json'), readJson)) as Environment }
        : {}),
      file,
      async adopt(backend) {
        const environment = await describeEnvironment(backend, config.seed);
        if (shard && before) return environment;
        // First, since a config.yaml alone would not be known to be a run's.
        await writeJsonAtomic(file('environment.json'), environment);
        await writeFileAtomic(file('config.yaml'), stringify(config));
        return environment;
      },
      saveStages: (record) => writeJsonAtomic(file('stages.json'), record),
      close() {
        log.close();
        unlock();
      },
    };
    return folder;
  } catch (error) {
    unlock();
    throw error;
  }
}

async function inspectOwn(path: string): Promise<Exclude<FolderState, { kind: 'foreign' }>> {
  const found = await inspectFolder(path);
  if (found.kind === 'foreign') throw notARun(path, found.why);
  return found;
}

async function readStages(path: string): Promise<StagesRecord> {
  // A run that was killed before its first stage has none.
  return existsSync(path)
    ? readRecord(path, (file) => readYaml(file, stagesSchema))
    : { version: STAGES_VERSION, finished: [] };
}

/** A record that is damaged is an error that says how the run can go on. */
async function readRecord<T>(path: string, read: (path: string) => Promise<T>): Promise<T> {
  return read(path).catch((error) => {
    throw damaged(messageOf(error), { cause: error });
  });
}

function damaged(problem: string, options?: ErrorOptions): UserError {
  return new UserError(
    {
      given: `the run cannot be continued: ${problem}`,
      remedy: 'start it again with --force, or choose another folder with --out',
    },
    options,
  );
}

function occupied(path: string, before: unknown, config: ExperimentConfig): UserError {
  const changes = differences(before, config);
  const same = changes.length === 0;
  return new UserError({
    given: same ? `${path} already holds this run` : `${path} holds a run with other settings (${listed(changes)})`,
    remedy: same
      ? 'continue it with --resume, start it again with --force, or choose another folder with --out'
      : 'choose another folder with --out, or throw the old run away with --force',
  });
}

/** At most three of a list, in words. */
export function listed(items: readonly string[]): string {
  return items.length > 3 ? `${items.slice(0, 3).join(', ')} and ${items.length - 3} more` : items.join(', ');
}

function differences(a: unknown, b: unknown, path = ''): string[] {
  if (hashJson(a ?? null) === hashJson(b ?? null)) return [];
  if (isGroup(a) && isGroup(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
  }
  return [`${path}: ${show(a)} → ${show(b)}`];
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
