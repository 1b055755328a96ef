import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import {
  hashJson,
  isInside,
  linkOrCopy,
  makeFolder,
  resolveInside,
  takeLock,
  UserError,
  writeFileAtomic,
} from '@unseen/core';
import { expandDataFolder } from '@unseen/formats';
import { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import { listPath } from '../layouts/id-list.ts';
import { maskValues } from '../mask.ts';
import { type DatasetSettings, readDatasetFile } from '../read-dataset-file.ts';
import { builtInDatasets, datasetPath } from '../registry.ts';
import { contentsOf, keyOf } from './contents.ts';
import type { ImageJob, ImageResult } from './convert-image.ts';
import type { Converter, ImageTask, Plan } from './converter.ts';
import { convertImages } from './converter-pool.ts';
import { converters } from './converters/index.ts';
import { removeHalfWritten } from './folders.ts';
import { Journal } from './journal.ts';
import { cannotPrepare } from './preparable.ts';
import { type PrepareProgress, SILENT } from './progress.ts';
import type { PrepareSettings } from './settings.ts';
import { findSources, type KnownChecksums, requireRoles, type Source } from './sources.ts';
import { type PreparedSummary, summarize } from './summary.ts';
import { refuseToWriteInto, requireFolder, targetOf } from './target.ts';
import { unpackSources } from './unpack-sources.ts';

/** How {@link prepareDataset} works. */
export interface PrepareOptions {
  /** Folder of the official archives, or of what they unpack to. */
  readonly from: string;
  /** The data folder that `$UNSEEN_DATA` of the dataset's YAML stands for. Default: that variable. */
  readonly to?: string | undefined;
  /** Fetch archives that are not there. */
  readonly download?: boolean;
  /** Images that are converted at the same time. Default: one for each core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: PrepareProgress;
}

/** A prepared dataset. */
export interface PreparedDataset extends PreparedSummary {
  /** Folder of the dataset. */
  readonly root: string;
  /** Images that an earlier call had finished. */
  readonly reused: number;
}

/**
 * Builds the files that a dataset's YAML reads from its official archives: checks these, unpacks what is needed, converts
 * masks, writes lists. What is finished stays when it is interrupted, and the next call continues from there; what was made
 * with other settings or sources is rebuilt. The files do not depend on the number of workers.
 */
export async function prepareDataset(nameOrYaml: string, options: PrepareOptions): Promise<PreparedDataset> {
  if (Object.hasOwn(builtInDatasets, nameOrYaml)) throw await cannotPrepare(nameOrYaml);
  const path = await datasetPath(nameOrYaml);
  const { prepare } = (await readDatasetFile(path)).settings;
  if (!prepare) throw await cannotPrepare(nameOrYaml);
  if ('as' in prepare) {
    options.progress?.note(`the files of ${nameOrYaml} are those of ${prepare.as}`);
    return prepareDataset(prepare.as, options);
  }
  return new Preparation(await targetOf(path, options.to), prepare, options).run();
}

/** Of `summary.json`, which only this code writes. */
const SAVED = z.object({
  key: z.string(),
  summary: z.custom<PreparedSummary>((value) => typeof (value as PreparedSummary | null)?.images === 'number'),
});

/** One call of {@link prepareDataset}. */
class Preparation {
  private readonly file: DatasetFile<DatasetSettings>;
  private readonly data: string | undefined;
  private readonly settings: PrepareSettings;
  private readonly options: PrepareOptions;
  private readonly progress: PrepareProgress;

  constructor(
    { file, data }: { readonly file: DatasetFile<DatasetSettings>; readonly data: string | undefined },
    settings: PrepareSettings,
    options: PrepareOptions,
  ) {
    this.file = file;
    this.data = data;
    this.settings = settings;
    this.options = options;
    this.progress = options.progress ?? SILENT;
  }

  async run(): Promise<PreparedDataset> {
    const { root, settings, path } = this.file;
    requireRoles(this.file.path, this.settings, this.converter);
    const known = await this.knownChecksums();
    const sources = await this.findSources(known);
    await refuseToWriteInto(root, sources, this.options.from);
    await resolveInside(join(root, '.prepare'), settings.name, `'name' of ${path}`);
    await makeFolder(this.workFolder);
    // Datasets may share a folder: calls that write into it at the same time would take each other's files for leftovers.
    const unlock = takeLock(join(root, '.prepare/lock'), root, '--to');
    try {
      return await this.make(sources, known);
    } finally {
      unlock();
    }
  }

  private async make(sources: readonly Source[], known: KnownChecksums): Promise<PreparedDataset> {
    const { root, settings } = this.file;
    const journal = await Journal.open(this.workFolder);
    if (known.size > 0) await journal.save('checksums.json', Object.fromEntries(known));
    const key = keyOf(this.file, this.settings, sources);
    const state = hashJson([key, await contentsOf(sources, this.converter, this.givenLists)]);
    const finished = await this.finishedBefore(journal, state);
    if (finished) {
      this.progress.note(`all ${finished.images} images of ${settings.name} are already prepared`);
      return { ...finished, root, reused: finished.images };
    }
    if (journal.isOfOtherSettings(key)) {
      this.progress.note('settings or sources have changed: everything is rebuilt');
      for (const { role } of sources) await journal.remove(role);
      await journal.remove('unpacked.json');
    }
    await journal.remove('summary.json');
    await journal.begin(key);
    await this.tellSpace(sources);
    const folders = await unpackSources(sources, journal, {
      converter: this.converter,
      stages: this.stages,
      key,
      progress: this.progress,
      signal: this.options.signal,
    });
    const plan = await this.plan(folders);
    const reused = await this.convert(plan, journal);
    const summary = await this.finish(plan, journal, { sources, state });
    return { ...summary, root, reused };
  }

  private get converter(): Converter {
    return converters[this.settings.converter];
  }

  /** Lists that the dataset brings along. */
  private get givenLists(): string[] {
    if (!('subsets' in this.file.settings)) return [];
    const paths = (['train', 'val'] as const).map((subset) => this.listPath(subset));
    return paths.filter((path) => !isInside(path, this.file.root));
  }

  private listPath(subset: 'train' | 'val'): string {
    const { settings, root } = this.file;
    const lists = 'subsets' in settings ? settings.subsets : undefined;
    if (!lists) return join(root, `${subset}.txt`);
    const data = this.data === undefined ? {} : { UNSEEN_DATA: this.data };
    return listPath(this.file, expandDataFolder(lists[subset], { ...process.env, ...data }));
  }

  /** Looking for archives, one for each of them, and converting. */
  private get stages(): number {
    return Object.keys(this.settings.archives).length + 2;
  }

  private get workFolder(): string {
    return join(this.file.root, '.prepare', this.file.settings.name);
  }

  /** Checksums of large files take minutes: what was found right is remembered beside the work. */
  private async knownChecksums(): Promise<Map<string, string>> {
    if (!existsSync(this.workFolder)) return new Map();
    const saved = await (await Journal.open(this.workFolder)).read('checksums.json', z.record(z.string(), z.string()));
    return new Map(Object.entries(saved ?? {}));
  }

  private async findSources(known: Map<string, string>): Promise<Source[]> {
    const { from, download = false, signal } = this.options;
    if (download) await makeFolder(from);
    else await requireFolder(from);
    const place = { index: 0, count: this.stages };
    this.progress.stage('look for archives', 'start', place);
    const megabytes = (bytes: number) => Math.round(bytes / 1e6);
    const sources = await findSources(this.settings, this.converter, resolve(from), {
      download,
      signal,
      known,
      onNote: (text) => this.progress.note(text),
      onDownload: (file, bytes, total = bytes) =>
        this.progress.update(megabytes(bytes), megabytes(total), `MB of ${file} fetched`),
      onCheck: (file, bytes, total) =>
        this.progress.update(megabytes(bytes), megabytes(total), `MB of ${file} checked`),
    });
    for (const { role, kind, path, verified } of sources) {
      this.progress.note(
        `${role}: ${kind} ${path}${verified === undefined ? '' : ` (${verified.split(' ')[0]} matches)`}`,
      );
    }
    this.progress.stage('look for archives', 'done', place);
    return sources;
  }

  /** The summary of an earlier call that has done everything, if all is still there. */
  private async finishedBefore(journal: Journal, key: string): Promise<PreparedSummary | undefined> {
    const saved = await journal.read('summary.json', SAVED);
    if (saved?.key !== key || saved.summary.images !== journal.done.size) return undefined;
    for (const result of journal.done.values()) {
      if (!(await journal.isWhole(result, this.file.root))) return undefined;
    }
    return saved.summary;
  }

  private async tellSpace(sources: readonly Source[]): Promise<void> {
    const packed = sources.reduce((sum, { kind, bytes = 0 }) => sum + (kind === 'archive' ? bytes : 0), 0);
    if (packed === 0) return;
    const { bavail, bsize } = await statfs(this.file.root);
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
    this.progress.note(`${this.file.root} needs about ${gigabytes(packed)}; ${gigabytes(bavail * bsize)} are free`);
    if (bavail * bsize < packed) this.progress.note('warning: there may not be enough space; finished images are kept');
  }

  private async plan(sources: Readonly<Record<string, string>>): Promise<Plan> {
    const { root, settings } = this.file;
    const plan = await this.converter.plan({
      file: this.file,
      settings: this.settings,
      target: root,
      sources,
      listPath: (subset) => this.listPath(subset),
    });
    if (plan.tasks.length > 0) {
      await this.requireInside(plan);
      return plan;
    }
    const why = plan.leftOut.map(({ count, what, why }) => `${count} ${what}: ${why}`);
    throw new UserError({
      given: `no image of ${settings.name} can be built from ${this.options.from}${why.length > 0 ? ` (${why.join('; ')})` : ''}`,
      expected: 'the official archives',
    });
  }

  /** Paths that are written are made of settings and of names in the sources: none may lead out of the dataset's folder. */
  private async requireInside({ tasks, lists, files = [] }: Plan): Promise<void> {
    const { root, path } = this.file;
    const outputs = [...outputsOf(tasks), ...lists.map((list) => list.path), ...files.map(({ to }) => to)];
    const where = `a file that ${path} asks to be written`;
    for (const output of outputs) if (!isInside(output, root)) await resolveInside(root, output, where);
    for (const folder of new Set(outputs.map(dirname))) await resolveInside(root, join(folder, 'file'), where);
  }

  /** Converts what is not done yet; how many images were. */
  private async convert(plan: Plan, journal: Journal): Promise<number> {
    const { root, classes } = this.file;
    const palette = Array.from({ length: 256 }, (_, id) => {
      return classes.find((info) => info.id === id)?.color ?? ([id, id, id] as const);
    });
    const job: ImageJob = { values: maskValues(this.file), palette, ...(plan.table && { table: plan.table }) };
    const left: ImageTask[] = [];
    for (const task of plan.tasks) {
      const result = journal.done.get(task.id);
      if (!result || !(await journal.isWhole(result, root))) left.push(task);
    }
    const reused = plan.tasks.length - left.length;
    if (reused > 0) this.progress.note(`${reused} images were already done`);
    const place = { index: this.stages - 1, count: this.stages };
    this.progress.stage('convert', 'start', place);
    let done = reused;
    const failures: string[] = [];
    await convertImages(left, job, {
      workers: this.options.workers ?? availableParallelism(),
      signal: this.options.signal,
      onResult: async ({ outputs, ...result }, { id }) => {
        const paths = outputs.map(([path, bytes]) => [relative(root, path).split(sep).join('/'), bytes] as const);
        await journal.add({ ...result, outputs: paths } satisfies ImageResult);
        this.progress.update(++done, plan.tasks.length, id);
      },
      onFailure: (error) => failures.push(error.message),
    });
    if (failures.length > 0) {
      failures.sort();
      const more = failures.length > 5 ? [`and ${failures.length - 5} more`] : [];
      throw new UserError({
        given: `${failures.length} of ${plan.tasks.length} images cannot be converted:\n${[...failures.slice(0, 5), ...more].map((line) => `  ${line}`).join('\n')}`,
        remedy: 'fix these and run the command again; all others are done',
      });
    }
    this.progress.stage('convert', 'done', place);
    return reused;
  }

  private async finish(
    plan: Plan,
    journal: Journal,
    { sources, state }: { readonly sources: readonly Source[]; readonly state: string },
  ): Promise<PreparedSummary> {
    for (const { from, to } of plan.files ?? []) await linkOrCopy(from, to);
    for (const { path, ids } of plan.lists) await writeFileAtomic(path, ids.map((id) => `${id}\n`).join(''));
    await journal.finish(plan.tasks.map(({ id }) => id));
    const results = plan.tasks.map(({ id }) => journal.done.get(id)!);
    await removeHalfWritten(outputsOf(plan.tasks).map(dirname));
    const summary = summarize(this.file, plan, results, { sources, expect: this.settings.expect });
    await journal.save('summary.json', { key: state, summary });
    for (const { role, kind } of sources) if (kind === 'archive') await journal.remove(role);
    await journal.remove('unpacked.json');
    return summary;
  }
}

function outputsOf(tasks: readonly ImageTask[]): string[] {
  return tasks.flatMap(({ files, mask }) => [...files.map(({ to }) => to), ...(mask ? [mask.to] : [])]);
}
