import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { hashJson, SeedTree, UserError } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import type { BackendChoice } from './engine.ts';
import { environmentChanges } from './environment.ts';
import { listed, type RunFolder, type StagesRecord } from './folder.ts';
import type { StageLog } from './log.ts';
import type { Method, Stage } from './method.ts';
import { type Progress, type StageProgress, silentProgress } from './progress.ts';
import type { ExperimentConfig } from './schema.ts';

/** How {@link runStages} runs. */
export interface RunOptions {
  readonly engine: Engine;
  /** Why it was chosen, for the record. Default: its name alone. */
  readonly choice?: BackendChoice;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Run this stage and those after it even if they have finished; those before it must have finished. */
  readonly from?: string;
}

/** Thrown when the user interrupts a run. */
export class Interrupted extends UserError {
  /** What programs that a signal ends exit with. */
  readonly exitCode = 130;

  constructor(remedy = 'continue with --resume; nothing that was finished is lost') {
    super({ given: 'interrupted', remedy });
  }
}

/**
 * Runs the stages of a method in a run folder, in order. Stages that finished earlier under the same settings are
 * skipped; one that was interrupted goes on from its own checkpoint.
 *
 * Throws a {@link UserError} when settings have changed under a stage that has begun or finished, unless the folder was
 * opened with `force`, which runs these again.
 */
export async function runStages(
  method: Method,
  config: ExperimentConfig,
  folder: RunFolder,
  options: RunOptions,
): Promise<void> {
  const { engine, progress = silentProgress, signal = new AbortController().signal, from } = options;
  const { choice = { name: engine.name, versions: {} } } = options;
  const stages = method.stages(config);
  const hashes = stageHashes(stages, config);
  let record = reusable(stages, hashes, folder, from);
  const environment = await folder.adopt(choice);
  const moved = folder.earlierEnvironment ? environmentChanges(folder.earlierEnvironment, environment) : [];
  if (moved.length > 0) progress.warn(`this run began elsewhere (${listed(moved)}); its numbers may differ slightly`);
  await removeOutdated(stages, hashes, folder, record);
  await folder.saveStages(record);

  const seeds = new SeedTree(config.seed);
  for (const [index, stage] of stages.entries()) {
    const position = { index, count: stages.length };
    if (index < record.finished.length) {
      progress.stage(stage.name, 'skip', position);
      continue;
    }
    if (signal.aborted) throw new Interrupted();
    progress.stage(stage.name, 'start', position);
    const resume = record.running?.name === stage.name && record.running.hash === hashes[index];
    const checkpoints = folder.file('checkpoints', stage.name);
    if (!resume) await rm(checkpoints, { recursive: true, force: true });
    record = { finished: record.finished, running: { name: stage.name, hash: hashes[index] } };
    await folder.saveStages(record);
    const log = folder.log.forStage(stage.name);
    const began = performance.now();
    try {
      await stage.run({
        config,
        folder,
        checkpoints,
        seeds,
        engine,
        log,
        progress: stageProgress(progress, log),
        resume,
        signal,
      });
    } catch (error) {
      throw signal.aborted ? new Interrupted() : error;
    }
    const missing = (stage.outputs ?? []).filter((output) => !existsSync(folder.file(output)));
    if (missing.length > 0) throw new Error(`stage '${stage.name}' ended without writing ${missing.join(', ')}`);
    const seconds = Math.round(performance.now() - began) / 1000;
    record = { finished: [...record.finished, { name: stage.name, hash: hashes[index], seconds }] };
    await folder.saveStages(record);
    progress.stage(stage.name, 'done', position);
  }
}

/** Takes away what stages left under other settings, so that nothing old stands beside the new settings. */
async function removeOutdated(
  stages: readonly Stage[],
  hashes: readonly string[],
  folder: RunFolder,
  { running }: StagesRecord,
): Promise<void> {
  for (const [i, { name, outputs = [] }] of stages.entries()) {
    const hash = running?.name === name ? running.hash : folder.stages.finished[i]?.hash;
    if (hash === undefined || hash === hashes[i]) continue;
    for (const output of outputs) await rm(folder.file(output), { force: true });
  }
}

/** Settings that no stage's results depend on. */
const NAMES_ONLY = ['name', 'report'];
const ALWAYS = ['method', 'profile', 'seed', 'backend'];

function stageHashes(stages: readonly Stage[], config: ExperimentConfig): string[] {
  let previous = '';
  return stages.map(({ name, uses }) => {
    const settings = Object.entries(config).filter(([key]) =>
      uses ? ALWAYS.includes(key) || uses.includes(key) : !NAMES_ONLY.includes(key),
    );
    previous = hashJson({ name, settings: Object.fromEntries(settings), previous });
    return previous;
  });
}

/** The part of the folder's record that can be kept: the first finished stages whose settings are still the same. */
function reusable(
  stages: readonly Stage[],
  hashes: readonly string[],
  folder: RunFolder,
  from: string | undefined,
): StagesRecord {
  const { finished, running } = folder.stages;
  const limit = from === undefined ? stages.length : stages.findIndex(({ name }) => name === from);
  if (limit < 0) throw new UserError({ given: `this method has no stage '${from}'` });
  const isKept = (stage: Stage, i: number) =>
    finished[i]?.hash === hashes[i] && (stage.outputs ?? []).every((output) => existsSync(folder.file(output)));
  const firstAgain = stages.findIndex((stage, i) => i >= limit || !isKept(stage, i));
  const kept = finished.slice(0, firstAgain < 0 ? stages.length : firstAgain);

  const changed = finished.filter(({ hash }, i) => i < limit && hash !== hashes[i]).map(({ name }) => name);
  const runningIndex = stages.findIndex(({ name }) => name === running?.name);
  if (running && runningIndex < limit && hashes[runningIndex] !== running.hash) changed.push(running.name);
  if (changed.length > 0 && !folder.options.force) {
    throw new UserError({
      given: `settings have changed (${listed(folder.changes)}) under what has already run: ${changed.join(', ')}`,
      remedy: 'choose another folder with --out, or run these stages again with --resume --force',
    });
  }
  if (from !== undefined && kept.length < limit) {
    throw new UserError({
      given: `${folder.path} has not finished its stage '${stages[kept.length].name}'`,
      remedy: `finish the run with 'unseen run … --resume' before '${from}'`,
    });
  }
  return { finished: kept, ...(running ? { running } : {}) };
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
