import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { copyAtomic, DamagedFile, linkOrCopy, type RandomState, type RandomStream, UserError } from '@unseen/core';
import type { SafetensorsFile } from '@unseen/formats';
import type { Engine, Parameter, Shape } from '@unseen/tensor';
import type { Module } from '../module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { allFinite, nameParameters, readInto, requireSameTensors, withSafetensors } from './weights.ts';

/** What a checkpoint holds, by names of one's choice. */
export interface CheckpointParts {
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizers?: Readonly<Record<string, Optimizer>>;
  readonly streams?: Readonly<Record<string, RandomStream>>;
}

/** Options of {@link saveCheckpoint}. */
export interface SaveOptions {
  /** Whose memory may hold newer weights than the host. */
  readonly engine?: Engine;
  /** Where the training stands; any JSON value. */
  readonly position?: unknown;
  /** Further metadata of the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether the file that is replaced is kept, as {@link previousOf} names it. */
  readonly keepPrevious?: boolean;
}

/** Options of {@link loadCheckpoint}. */
export interface CheckpointLoadOptions {
  /** Leaves out modules that are not asked for. */
  readonly partial?: boolean;
  /** Takes the checkpoint before ({@link previousOf}) where this one is damaged, and is told so in a sentence. */
  readonly onPrevious?: (warning: string) => void;
}

/** What {@link loadCheckpoint} hands back beside the state that it puts in place. */
export interface LoadedCheckpoint {
  readonly position: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

interface State {
  readonly version: 1;
  readonly optimizers: Record<string, { rule: string; steps: Record<string, number> }>;
  readonly streams: Record<string, RandomState>;
  readonly position: unknown;
}

const STATE_KEY = 'unseen.state';
const OPTIMIZER_PREFIX = 'optimizer:';

/** Where the checkpoint before is kept: `latest.previous.safetensors` beside `latest.safetensors`. */
export function previousOf(path: string): string {
  const suffix = extname(path);
  return `${path.slice(0, path.length - suffix.length)}.previous${suffix}`;
}

/**
 * Writes weights, optimizer state, random states and position to one safetensors file with checksums, atomically. Weights
 * that are not finite are a `UserError` and leave the older file alone.
 */
export async function saveCheckpoint(path: string, parts: CheckpointParts, options: SaveOptions = {}): Promise<void> {
  const { engine, position = null, metadata = {} } = options;
  const weights = nameParameters(parts.modules);
  const slots = nameSlots(parts, weights);
  await engine?.pull([...weights.values(), ...slots.values()]);
  for (const [name, parameter] of weights) {
    if (!allFinite(parameter.values)) {
      throw new UserError({
        given: `the weights '${name}' are not finite, so ${path} is not written`,
        remedy: 'lower the learning rate and resume from the checkpoint before',
      });
    }
  }
  const state: State = {
    version: 1,
    optimizers: mapValues(parts.optimizers ?? {}, (optimizer) => ({
      rule: optimizer.rule.name,
      steps: Object.fromEntries(
        [...weights].flatMap(([name, p]) => (optimizer.state.has(p) ? [[name, optimizer.state.get(p)!.steps]] : [])),
      ),
    })),
    streams: mapValues(parts.streams ?? {}, (stream) => stream.state),
    position,
  };
  if (options.keepPrevious && existsSync(path)) await linkOrCopy(path, previousOf(path));
  const { writeSafetensors } = await import('@unseen/formats');
  await writeSafetensors(path, [...weights, ...slots], { ...metadata, [STATE_KEY]: JSON.stringify(state) });
}

/**
 * Puts a checkpoint's state in place, all of it or (on an error) nothing. Strict: tensors that are missing, unexpected
 * or of another shape are listed in a `UserError`. Optimizers and streams that are not asked for are left out;
 * `partial` leaves out modules too. A file that has changed since it was written, and weights that are not finite, are a
 * `DamagedFile`.
 */
export async function loadCheckpoint(
  path: string,
  parts: CheckpointParts,
  options: CheckpointLoadOptions = {},
): Promise<LoadedCheckpoint> {
  try {
    return await load(path, parts, options);
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    const { given } = error.parts;
    const previous = previousOf(path);
    if (options.onPrevious && existsSync(previous)) {
      const loaded = await load(previous, parts, options).catch((cause) => {
        const both = `${given}, and the checkpoint before, ${previous}, cannot be loaded either`;
        throw new DamagedFile({ given: both, remedy: RESTORE }, { cause });
      });
      // Or the next save would keep the damaged file as the one before.
      await copyAtomic(previous, path);
      options.onPrevious(`${given}; continuing from the checkpoint before, ${previous}`);
      return loaded;
    }
    throw new DamagedFile({ given, remedy: RESTORE }, { cause: error });
  }
}

const RESTORE =
  'restore it from a copy, or delete it and continue its run with --resume: what wrote it then starts from the beginning';

function load(path: string, parts: CheckpointParts, options: CheckpointLoadOptions): Promise<LoadedCheckpoint> {
  return withSafetensors(path, async (file) => {
    const state = parseState(path, file);
    const weights = nameParameters(parts.modules);
    const tensors = new Map([...weights, ...nameSlots(parts, weights)]);
    const isAskedFor = (name: string) => {
      if (name.startsWith(OPTIMIZER_PREFIX)) return parts.optimizers !== undefined;
      return !options.partial || Object.keys(parts.modules).some((module) => name.startsWith(`${module}.`));
    };
    const given = file.names.filter(isAskedFor).map((name): [string, Shape] => [name, file.info(name).shape]);
    requireSameTensors(path, new Map(given), new Map([...tensors].map(([name, { shape }]) => [name, shape])));
    for (const [name, { rule }] of Object.entries(parts.optimizers ?? {})) {
      const saved = state.optimizers[name]?.rule;
      if (saved === rule.name) continue;
      throw new UserError({
        given: `${path} holds the state of ${saved ?? 'no optimizer'} for '${name}'`,
        expected: rule.name,
      });
    }
    for (const name of Object.keys(parts.streams ?? {})) {
      if (!state.streams[name]) throw new UserError({ given: `${path} holds no random state '${name}'` });
    }
    await readInto(file, tensors, { source: path, exempt: (name) => name.startsWith(OPTIMIZER_PREFIX) });
    for (const [name, optimizer] of Object.entries(parts.optimizers ?? {})) {
      for (const [weight, steps] of Object.entries(state.optimizers[name].steps)) {
        const ofParameter = optimizer.state.get(weights.get(weight)!);
        if (ofParameter) ofParameter.steps = steps;
      }
    }
    for (const [name, stream] of Object.entries(parts.streams ?? {})) stream.state = state.streams[name];
    return { position: state.position, metadata: file.metadata };
  });
}

/** `optimizer:<name>/<slot>/<weight>` → slot. */
function nameSlots(parts: CheckpointParts, weights: ReadonlyMap<string, Parameter>): Map<string, Parameter> {
  const slots = new Map<string, Parameter>();
  const names = new Map([...weights].map(([name, parameter]) => [parameter, name]));
  for (const [name, optimizer] of Object.entries(parts.optimizers ?? {})) {
    for (const [parameter, state] of optimizer.state) {
      const weight = names.get(parameter);
      if (weight === undefined)
        throw new Error(`optimizer '${name}' trains a parameter of no module of the checkpoint`);
      for (const [slot, values] of Object.entries(state.slots)) {
        slots.set(`${OPTIMIZER_PREFIX}${name}/${slot}/${weight}`, values);
      }
    }
  }
  return slots;
}

function parseState(path: string, file: SafetensorsFile): State {
  const text = file.metadata[STATE_KEY];
  const expected = 'a checkpoint of this toolkit';
  if (text === undefined)
    throw new UserError({ given: `${path} is a safetensors file without training state`, expected });
  try {
    const state = JSON.parse(text) as State;
    if (state?.version === 1 && state.optimizers && state.streams) return state;
  } catch {}
  throw new DamagedFile({ given: `${path} has training state that cannot be read`, expected });
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
