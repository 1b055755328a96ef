import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { explainFileError, messageOf, parseJson, readBytes, readJson, UserError } from '@unseen/core';
import { parseYamlDocument } from '@unseen/formats';
import { readLegend, readLog, readMetricsFile } from './read-metrics.ts';
import type { LegendEntry, LogEntry, RunMetrics } from './run-types.ts';

/** The pictures of one sample, by path. */
export interface Panel {
  readonly id: string;
  /** `panels/<id>.image.png` */
  readonly image: string;
  /** `panels/<id>.truth.png`, if it exists */
  readonly truth?: string;
  /** `panels/<id>.<method>.png` */
  readonly methods: Readonly<Record<string, string>>;
}

/** The readable content of a run folder; `missing` says in words what a complete one would have. */
export interface RunFolder {
  readonly folder: string;
  readonly name: string;
  readonly metrics: RunMetrics;
  /** The resolved settings (`config.yaml`), as text and value. */
  readonly config?: { readonly text: string; readonly value: unknown };
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly log: readonly LogEntry[];
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendEntry[];
  /** Absolute paths of settings, environment, log and weights, if they exist. */
  readonly files: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Reads a run folder, or a metrics file of any tool. Only `metrics.json` is required; anything else that is absent or
 * unreadable is listed in `missing`. Metrics of the wrong shape are a {@link UserError}.
 */
export async function readRunFolder(path: string): Promise<RunFolder> {
  const lone = extname(path) === '.json';
  const folder = resolve(lone ? dirname(path) : path);
  const name = lone && basename(path) !== 'metrics.json' ? basename(path, '.json') : basename(folder);
  if (!lone) await requireFolder(folder);
  const metricsPath = lone ? path : join(folder, 'metrics.json');
  const metrics = readMetricsFile(await readJson(metricsPath).catch(explainMissingMetrics), metricsPath, name);
  const missing: string[] = [];
  const optional = async <T>(file: string, read: (text: Buffer) => T): Promise<T | undefined> => {
    try {
      return read(await readBytes(join(folder, file)));
    } catch (error) {
      const absent = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      missing.push(absent ? `${file} does not exist` : `${file} cannot be read (${messageOf(error).split('\n')[0]})`);
      return undefined;
    }
  };

  const config = await optional('config.yaml', (bytes) => {
    const text = bytes.toString('utf8');
    return { text, value: parseYamlDocument(text, 'config.yaml').value };
  });
  const environment = await optional('environment.json', (bytes) => record(parseJson(bytes, 'it')));
  const log = await optional('log.jsonl', (bytes) => readLog(bytes.toString('utf8')));
  if (log && log.unreadable.length > 0) {
    missing.push(`log.jsonl has ${log.unreadable.length} unreadable line(s): ${log.unreadable.slice(0, 5).join(', ')}`);
  }
  const panels = await readPanels(join(folder, 'panels'), missing);
  const legend =
    panels.length > 0 ? await optional('panels/legend.json', (bytes) => readLegend(parseJson(bytes, 'it'))) : undefined;
  return {
    folder,
    name,
    metrics,
    ...(config ? { config } : {}),
    ...(environment ? { environment } : {}),
    log: log?.entries ?? [],
    panels,
    legend: legend ?? [],
    files: await readFiles(folder),
    missing,
  };
}

async function readFiles(folder: string): Promise<string[]> {
  const inside = async (path: string) => (await readdir(path).catch(() => [])).sort();
  const own = await inside(folder);
  const records = ['config.yaml', 'environment.json', 'log.jsonl'].filter((file) => own.includes(file));
  const weights = (await inside(join(folder, 'checkpoints'))).filter((file) => file.endsWith('.safetensors'));
  return [...records.map((file) => join(folder, file)), ...weights.map((file) => join(folder, 'checkpoints', file))];
}

async function readPanels(folder: string, missing: string[]): Promise<Panel[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.png')).sort();
  const suffix = '.image.png';
  const ids = files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
  if (ids.length === 0) missing.push('panels/ contains no pictures');
  // The longest id wins, since an id may start with another one and a dot.
  const longestFirst = [...ids].sort((a, b) => b.length - a.length);
  const parts = new Map<string, Map<string, string>>(ids.map((id) => [id, new Map()]));
  for (const file of files) {
    const id = longestFirst.find((candidate) => file.startsWith(`${candidate}.`));
    if (id === undefined) missing.push(`panels/${file} belongs to no image`);
    else parts.get(id)?.set(file.slice(id.length + 1, -'.png'.length), join(folder, file));
  }
  return ids.map((id) => {
    const { image = '', truth, ...methods } = Object.fromEntries(parts.get(id) ?? []);
    if (truth === undefined) missing.push(`panels/${id}.truth.png does not exist`);
    return { id, image, ...(truth ? { truth } : {}), methods };
  });
}

async function requireFolder(folder: string): Promise<void> {
  const entry = await stat(folder).catch((error) => {
    throw explainFileError(error, folder);
  });
  if (entry.isDirectory()) return;
  throw new UserError({ given: `${folder} is a file`, expected: 'a run folder, or a metrics file ending in .json' });
}

function explainMissingMetrics(error: unknown): never {
  if (!(error instanceof UserError) || !error.parts.given.includes('does not exist')) throw error;
  throw new UserError(
    { ...error.parts, expected: 'a run folder with metrics.json', remedy: 'finish the run (its evaluation writes it)' },
    { cause: error },
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UserError({ given: 'a JSON value', expected: 'an object' });
}
