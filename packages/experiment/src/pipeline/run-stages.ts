import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { hashJson, SeedTree, UserError } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import type { Experiment } from '../config/load.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import { type BackendChoice, choiceText, chooseEngine } from '../engine.ts';
import { environmentChanges } from '../environment.ts';
import {
  listed,
  type OpenOptions,
  openRunFolder,
  type RunFolder,
  STAGES_VERSION,
  type StagesRecord,
} from '../folder.ts';
import type { StageLog } from '../log.ts';
import { type Progress, type StageProgress, silentProgress } from '../progress.ts';
import { clearImages } from './image-stage.ts';
import type { Method } from './method.ts';
import type { Shard } from './shard.ts';
import type { Stage, StageContext } from './stage.ts';

/** How {@link runStages} runs. */
export interface RunOptions {
  readonly engine: Engine;
  /** Why it was chosen, for the record. Default: its name alone. */
  readonly choice?: BackendChoice;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Run this stage and those that need it even if they have finished; all others must have finished. */
  readonly from?: string;
  /** Do only this part of the images of the next stage, which must work image by image; other processes do the others. */
  readonly shard?: Shard;
}

/** Thrown when the user interrupts a run. */
export class Interrupted extends UserError {
  /** What programs that a signal ends exit with. */
  readonly exitCode = 130;

  constructor(remedy = 'continue with --resume; nothing that was finished is lost') {
    super({ given: 'interrupted', remedy });
  }
}

/** How {@link runExperiment} runs. */
export interface ExperimentRunOptions extends OpenOptions, Pick<RunOptions, 'from' | 'signal' | 'shard'> {
  /** The run folder. */
  readonly out: string;
  readonly progress?: Progress;
}

/** Runs an experiment in its folder from the first stage that is not finished; gives back the folder's absolute path. */
export async function runExperiment(experiment: Experiment, options: ExperimentRunOptions): Promise<string> {
  const { out, progress = silentProgress, from, signal, shard, resume, force } = options;
  const outputs = experiment.method.pipeline(experiment.config).flatMap(({ makes }) => makes.files);
  const folder = await openRunFolder(out, experiment.config, { resume, force, shard, outputs, warn: progress.warn });
  try {
    const { engine, choice } = await chooseEngine(experiment.config.backend, progress.warn, experiment.config);
    try {
      progress.note?.(choiceText(choice));
      await runStages(experiment.method, experiment.config, folder, { engine, choice, progress, from, signal, shard });
    } finally {
      engine.dispose();
    }
  } finally {
    folder.close();
  }
  return folder.path;
}

/**
 * Runs the stages of a method in a run folder, in order. A stage that finished earlier is skipped as long as its settings
 * and the stages that it needs are the same; one that was interrupted continues from its own checkpoint.
 *
 * @throws UserError when settings have changed under a stage that has begun or finished, unless the folder was opened with
 * `force`, which runs that stage and those that need it again
 */
export async function runStages(
  method: Method,
  config: ExperimentConfig,
  folder: RunFolder,
  options: RunOptions,
): Promise<void> {
  const { engine, progress = silentProgress, signal = new AbortController().signal, shard } = options;
  const { choice = { name: engine.name, versions: {} } } = options;
  const stages = inOrder(method.pipeline(config));
  const hashes = stageHashes(stages, config);
  let record = reusable(stages, hashes, folder, options.from);
  const environment = await folder.adopt(choice);
  const moved = folder.earlierEnvironment ? environmentChanges(folder.earlierEnvironment, environment) : [];
  if (moved.length > 0) {
    progress.warn(
      `the environment has changed since this run started (${listed(moved)}); its numbers may differ slightly`,
    );
  }
  if (!shard) {
    await removeOutdated(stages, hashes, folder, record);
    await folder.saveStages(record);
  }
  const seeds = new SeedTree(config.seed);
  const done = new Set(record.finished.map(({ name }) => name));
  for (const [index, stage] of stages.entries()) {
    const position = { index, count: stages.length };
    if (done.has(stage.name)) {
      progress.stage(stage.name, 'skip', position);
      continue;
    }
    if (signal.aborted) throw new Interrupted();
    if (shard && !stage.sharded) throw notSharded(stage, folder);
    progress.stage(stage.name, 'start', position);
    const hash = hashes.get(stage)!;
    const resume = record.running?.name === stage.name && record.running.hash === hash;
    const checkpoints = folder.file('checkpoints', stage.name);
    if (!shard) {
      if (!resume) await rm(checkpoints, { recursive: true, force: true });
      record = { ...record, running: { name: stage.name, hash } };
      await folder.saveStages(record);
    }
    const log = folder.log.forStage(stage.name);
    const began = performance.now();
    const shared = { folder, checkpoints, hash, seeds, engine, log, signal, resume };
    const context: StageContext = { ...shared, progress: stageProgress(progress, log), ...(shard && { shard }) };
    try {
      await stage.run(context);
    } catch (error) {
      throw signal.aborted ? new Interrupted() : error;
    }
    // The stage as a whole is finished by a run without a shard, which finds all images done.
    if (shard) return progress.stage(stage.name, 'done', position);
    requireFiles(stage, folder);
    const seconds = Math.round(performance.now() - began) / 1000;
    const { running: _, finished, version } = record;
    record = {
      version,
      finished: [...finished.filter(({ name }) => name !== stage.name), { name: stage.name, hash, seconds }],
    };
    await folder.saveStages(record);
    progress.stage(stage.name, 'done', position);
  }
  if (shard)
    throw new UserError({ given: `${folder.path} has finished all its stages`, remedy: 'run without --shard' });
}

/** Checks that every stage comes after those that it needs, and that names are distinct. */
function inOrder(stages: readonly Stage[]): readonly Stage[] {
  const known = new Set<Stage>();
  for (const stage of stages) {
    for (const needed of Object.values(stage.needs)) {
      if (!known.has(needed))
        throw new Error(`stage '${stage.name}' needs '${needed.name}', which does not come before it`);
    }
    if ([...known].some(({ name }) => name === stage.name)) throw new Error(`two stages are called '${stage.name}'`);
    known.add(stage);
  }
  return stages;
}

/** The common settings, the stage's own, and the hashes of the stages that it needs. */
function stageHashes(stages: readonly Stage[], { method, profile, seed, backend }: ExperimentConfig) {
  const hashes = new Map<Stage, string>();
  for (const stage of stages) {
    const needs = Object.fromEntries(Object.entries(stage.needs).map(([name, one]) => [name, hashes.get(one)!]));
    const { name, settings } = stage;
    hashes.set(stage, hashJson({ name, settings, needs, common: { method, profile, seed, backend } }));
  }
  return hashes;
}

function requireFiles({ name, makes }: Stage, folder: RunFolder): void {
  const missing = makes.files.filter((file) => !existsSync(folder.file(file)));
  if (missing.length > 0) throw new Error(`stage '${name}' ended without writing ${missing.join(', ')}`);
}

/** Takes away what stages left under other settings, so that nothing old stands beside the new settings. */
async function removeOutdated(
  stages: readonly Stage[],
  hashes: ReadonlyMap<Stage, string>,
  folder: RunFolder,
  { running }: StagesRecord,
): Promise<void> {
  for (const stage of stages) {
    const earlier = folder.stages.finished.find(({ name }) => name === stage.name);
    const hash = running?.name === stage.name ? running.hash : earlier?.hash;
    if (hash === undefined || hash === hashes.get(stage)) continue;
    for (const file of stage.makes.files) await rm(folder.file(file), { force: true });
    await clearImages(folder, stage.makes);
  }
}

/** The part of the folder's record that can be kept: finished stages whose settings, and those below them, are the same. */
function reusable(
  stages: readonly Stage[],
  hashes: ReadonlyMap<Stage, string>,
  folder: RunFolder,
  from: string | undefined,
): StagesRecord {
  const { finished, running, version } = folder.stages;
  requireVersion(folder);
  const again = new Set<Stage>();
  if (from !== undefined) {
    const first = stages.find(({ name }) => name === from);
    if (!first) {
      throw new UserError({
        given: `this method has no stage '${from}'`,
        expected: `one of: ${stages.map(({ name }) => name).join(', ')}`,
      });
    }
    again.add(first);
    for (const stage of stages) if (Object.values(stage.needs).some((one) => again.has(one))) again.add(stage);
  }
  const earlierHash = ({ name }: Stage) => finished.find((one) => one.name === name)?.hash;
  const isSame = (stage: Stage) => earlierHash(stage) === hashes.get(stage);
  const kept = new Set<Stage>();
  for (const stage of stages) {
    const isWhole = stage.makes.files.every((file) => existsSync(folder.file(file)));
    const rests = Object.values(stage.needs).every((one) => kept.has(one));
    if (!again.has(stage) && isSame(stage) && isWhole && rests) kept.add(stage);
  }
  const changed = stages
    .filter((stage) => !again.has(stage))
    .filter((stage) => {
      const hash = running?.name === stage.name ? running.hash : earlierHash(stage);
      return hash !== undefined && hash !== hashes.get(stage);
    });
  if (changed.length > 0 && !folder.options.force) {
    throw new UserError({
      given: `settings have changed (${listed(folder.changes)}) under what has already run: ${changed.map(({ name }) => name).join(', ')}`,
      remedy: 'choose another folder with --out, or run these stages again with --resume --force',
    });
  }
  const unfinished = stages.find((stage) => !again.has(stage) && !kept.has(stage));
  if (from !== undefined && unfinished) {
    throw new UserError({
      given: `${folder.path} has not finished its stage '${unfinished.name}'`,
      remedy: `finish the run with 'unseen run … --resume' before '${from}'`,
    });
  }
  const names = new Set([...kept].map(({ name }) => name));
  return { version, finished: finished.filter(({ name }) => names.has(name)), ...(running && { running }) };
}

/** Records of another version hash settings differently: nothing could be told to be the same. */
function requireVersion({ path, stages: { version, finished, running } }: RunFolder): void {
  if (version === STAGES_VERSION || (finished.length === 0 && !running)) return;
  throw new UserError({
    given: `${path} was made by another version of unseen, which recorded its stages differently`,
    expected: 'a run of this version to continue',
    remedy:
      'choose another folder with --out; what the run has learned can still be used by predict, evaluate and export',
  });
}

function notSharded(stage: Stage, { path }: RunFolder): UserError {
  return new UserError({
    given: `--shard, and the next stage of ${path} is '${stage.name}', which does not work image by image`,
    remedy: "finish it first with 'unseen run … --resume'",
  });
}

function stageProgress(progress: Progress, log: StageLog): StageProgress {
  let yielded = performance.now();
  let iteration = 0;
  return {
    async update(done, total, note) {
      iteration = done;
      progress.update(done, total, note);
      // Steps that only await finished promises would otherwise never let a signal in.
      if (performance.now() - yielded < 50) return;
      await setImmediate();
      yielded = performance.now();
    },
    warn(sentence) {
      log({ iteration, warning: sentence });
      progress.warn(sentence);
    },
  };
}
