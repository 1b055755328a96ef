import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  explainFileError,
  hashJson,
  makeFolder,
  takeLock,
  UserError,
  writeFileAtomic,
  writeJsonAtomic,
} from '@unseen/core';
import { readYaml } from '@unseen/formats';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { BackendChoice } from './engine.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { RunLog } from './log.ts';
import type { ExperimentConfig } from './schema.ts';

const stageRecord = z.object({ name: z.string(), hash: z.string() });
const stagesSchema = z.object({
  /** In the order in which they ran. `hash` covers everything that the stage depended on. */
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

const LOCK = 'lock';

/**
 * Opens or makes a run folder: `config.yaml`, `environment.json`, `log.jsonl`, `stages.json`, `checkpoints/`.
 *
 * Throws a {@link UserError} when another process holds it, when it cannot be written, when it holds something that is
 * no run, or a run and neither `resume` nor `force` is given.
 */
export async function openRunFolder(
  dir: string,
  config: ExperimentConfig,
  options: OpenOptions = {},
): Promise<RunFolder> {
  const path = resolve(dir);
  const file = (...parts: string[]) => join(path, ...parts);
  await makeFolder(path);
  const unlock = takeLock(file(LOCK), path, '--out');
  try {
    await removeUnfinishedWrites(path);
    const before = (await exists(file('config.yaml'))) ? await readRunConfig(file('config.yaml')) : undefined;
    if (!before) await refuseForeign(path);
    if (before && !options.resume) {
      if (!options.force) throw occupied(path, before, config);
      await empty(path);
    }
    const kept = options.resume ? before : undefined;
    const stages: StagesRecord = kept ? await readStages(file('stages.json')) : { finished: [] };
    const log = new RunLog(file('log.jsonl'));
    const folder: RunFolder = {
      path,
      config,
      options,
      log,
      stages,
      changes: kept ? differences(kept, config) : [],
      ...(kept && (await exists(file('environment.json')))
        ? { earlierEnvironment: JSON.parse(await readFile(file('environment.json'), 'utf8')) as Environment }
        : {}),
      file,
      async adopt(backend) {
        const environment = await describeEnvironment(backend, config.seed);
        await writeFileAtomic(file('config.yaml'), stringify(config));
        await writeJsonAtomic(file('environment.json'), environment);
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

/** The resolved settings that a run folder was made with, unchecked. */
async function readRunConfig(path: string): Promise<Record<string, unknown>> {
  return readYaml(path, z.record(z.string(), z.unknown()));
}

async function readStages(path: string): Promise<StagesRecord> {
  // A run that was killed before its first stage has none.
  return (await exists(path)) ? readYaml(path, stagesSchema) : { finished: [] };
}

/** Writes are made under `*.tmp` names and then renamed: what is left under such a name was cut short. */
async function removeUnfinishedWrites(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true });
  for (const entry of entries)
    if (entry.endsWith('.tmp')) await rm(join(path, entry), { recursive: true, force: true });
}

async function refuseForeign(path: string): Promise<void> {
  const others = (await readdir(path)).filter((entry) => !entry.startsWith(LOCK));
  if (others.length === 0) return;
  throw new UserError({
    given: `${path} holds ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''} and no run`,
    expected: 'a new or empty folder, or the folder of a run',
    remedy: 'choose another one with --out',
  });
}

async function empty(path: string): Promise<void> {
  // config.yaml goes last: as long as it is there, the folder is known to be a run's.
  const entries = (await readdir(path)).filter((entry) => !entry.startsWith(LOCK) && entry !== 'config.yaml');
  for (const entry of [...entries, 'config.yaml']) await rm(join(path, entry), { recursive: true, force: true });
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

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw explainFileError(error, path);
    },
  );
}
