import { join } from 'node:path';
import { readJson, UserError, writeJsonAtomic } from '@unseen/core';
import { type LoadedCheckpoint, loadCheckpoint, type Module } from '@unseen/nn';
import type { RunFolder } from '../folder.ts';

/** Where a path inside a run folder is found. */
export type Place = Pick<RunFolder, 'file'>;

/** What a stage leaves in its run folder, and how later stages read it. */
export interface Artifact<T> {
  readonly kind: 'weights' | 'features' | 'scoreMaps' | 'labelMaps' | 'instanceSets' | 'json' | 'files';
  /** Relative to the run folder. The stage runs again when one of them is gone. */
  readonly files: readonly string[];
  open(folder: Place): T;
}

/** Weights that a training stage has left. */
export interface Weights {
  readonly path: string;
  /** Puts them in place; `partial` leaves out modules that are not asked for. See `loadCheckpoint`. */
  load(
    modules: Readonly<Record<string, Module>>,
    options?: { readonly partial?: boolean },
  ): Promise<Pick<LoadedCheckpoint, 'metadata'>>;
}

/** Where the final weights of a stage lie, relative to the run folder. */
export function stageWeights(stage: string): string {
  return join('checkpoints', `${stage}.safetensors`);
}

/** The final weights of a training stage. */
export function weightsOf(stage: string): Artifact<Weights> {
  return {
    kind: 'weights',
    files: [stageWeights(stage)],
    open: (folder) => {
      const path = folder.file(stageWeights(stage));
      return { path, load: (modules, options) => loadCheckpoint(path, { modules }, options) };
    },
  };
}

/** A value that a stage has left. */
export interface JsonFile<T> {
  readonly path: string;
  read(): Promise<T>;
  write(value: T): Promise<void>;
}

/** A JSON file; `check` turns what is read into a value of its type, or throws. */
export function jsonFile<T>(file: string, check: (value: unknown) => T = (value) => value as T): Artifact<JsonFile<T>> {
  return {
    kind: 'json',
    files: [file],
    open: (folder) => {
      const path = folder.file(file);
      return {
        path,
        read: async () => check(await readJson(path)),
        write: (value) => writeJsonAtomic(path, value),
      };
    },
  };
}

/** Files of any other kind, as absolute paths. */
export function filesOf(...files: readonly string[]): Artifact<readonly string[]> {
  return { kind: 'files', files, open: (folder) => files.map((file) => folder.file(file)) };
}

/** Several artifacts of one stage, under names of their own; the kind is that of the first. */
export function artifacts<A extends Readonly<Record<string, Artifact<unknown>>>>(
  parts: A,
): Artifact<{ readonly [K in keyof A]: A[K] extends Artifact<infer T> ? T : never }> {
  const all = Object.entries(parts);
  if (all.length === 0) throw new UserError({ given: 'a stage without an artifact', expected: 'at least one' });
  return {
    kind: all[0][1].kind,
    files: all.flatMap(([, { files }]) => files),
    open: (folder) => Object.fromEntries(all.map(([name, part]) => [name, part.open(folder)])) as never,
  };
}
