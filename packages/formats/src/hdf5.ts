import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { explainFileError, type UserError } from '@unseen/core';
import { damagedFile } from './file-bytes.ts';
import type { TensorValues } from './tensor-values.ts';

/** A group or an array of an HDF5 file. */
export interface Hdf5Entity {
  /** From the root, each name after a `/`; the root itself is empty. */
  readonly path: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `undefined` for groups. */
  readonly array: Hdf5Array | undefined;
}

/** An array of an HDF5 file, before it is read. */
export interface Hdf5Array {
  readonly shape: readonly number[];
  /** In the notation of NumPy. */
  readonly dtype: string;
  readonly bytes: number;
}

/** How long a damaged file may keep the library busy. */
export interface Hdf5Options {
  /** Milliseconds for a file of no size; large ones get more. Default: 30,000. */
  readonly timeLimit?: number;
}

// What gzip, the strongest of HDF5's usual filters, can shrink zeros to.
const MAX_COMPRESSION = 1032;
const SLOWEST_BYTES_PER_MILLISECOND = 5000;

interface Answer {
  readonly entities?: readonly RawEntity[];
  readonly values?: TensorValues;
  readonly error?: string;
  readonly broken?: boolean;
}

interface RawEntity {
  readonly path: string;
  readonly dataset: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly shape?: readonly number[] | null;
  readonly dtype?: string;
  readonly itemSize?: number;
  readonly chunked?: boolean;
}

/**
 * Lists the groups and arrays of an HDF5 file, whose shapes are checked against the file's size. Damaged files are
 * {@link UserError}s, those that would keep the library busy without end included.
 */
export async function describeHdf5(path: string, options: Hdf5Options = {}): Promise<Map<string, Hdf5Entity>> {
  const size = await sizeOfFile(path);
  const { entities = [] } = await ask({ path }, size, options);
  return new Map(entities.map((entity) => [entity.path, checked(entity, path, size)]));
}

/** The numbers of an array that {@link describeHdf5} has listed. */
export async function readHdf5(path: string, array: string, options: Hdf5Options = {}): Promise<TensorValues> {
  const { values } = await ask({ path, read: array }, await sizeOfFile(path), options);
  return values!;
}

function checked(raw: RawEntity, path: string, fileSize: number): Hdf5Entity {
  const { path: name, attributes, dataset, shape, dtype = '', itemSize = 0, chunked } = raw;
  if (!dataset) return { path: name, attributes, array: undefined };
  const bytes = (shape ?? []).reduce((product, n) => product * n, itemSize);
  if (!shape || !(bytes <= (chunked ? fileSize * MAX_COMPRESSION : fileSize))) {
    throw damaged(path, `has an impossible shape for '${name.slice(1)}' (${shape})`);
  }
  return { path: name, attributes, array: { shape, dtype, bytes } };
}

// One thread for all files, one after the other: it takes long to start.
let idle: Worker | undefined;
let queue: Promise<unknown> = Promise.resolve();

function ask(request: { path: string; read?: string }, size: number, { timeLimit = 30_000 }: Hdf5Options) {
  const limit = timeLimit + size / SLOWEST_BYTES_PER_MILLISECOND;
  const turn = queue.then(() => askNow(request, limit));
  queue = turn.catch(() => undefined);
  return turn;
}

async function askNow(request: { path: string; read?: string }, limit: number): Promise<Answer> {
  const worker = idle ?? (await startWorker());
  idle = undefined;
  worker.ref();
  const answer = await nextMessage(worker, limit, () => worker.postMessage(request));
  if (!answer || answer.broken) {
    await worker.terminate();
  } else {
    // It does not keep the program alive.
    worker.unref();
    idle = worker;
  }
  if (!answer) throw damaged(request.path, 'keeps the HDF5 library busy for too long');
  if (answer.error !== undefined) throw damaged(request.path, `cannot be read as HDF5 (${answer.error})`);
  return answer;
}

async function startWorker(): Promise<Worker> {
  // Its standard error would show what the library says when it aborts.
  const worker = new Worker(new URL('../hdf5-worker.js', import.meta.url), { stderr: true, execArgv: [] });
  // What ends it between two questions is seen at the next one.
  worker
    .on('error', () => undefined)
    .on('exit', () => {
      if (idle === worker) idle = undefined;
    });
  await nextMessage(worker, Number.POSITIVE_INFINITY, () => undefined);
  return worker;
}

/** `undefined` when the time is over; a thread that ends by itself answers with an error. */
function nextMessage(worker: Worker, limit: number, send: () => void): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const finish = (answer: Answer | undefined) => {
      clearTimeout(timer);
      worker.off('message', finish).off('error', fail).off('exit', fail);
      resolve(answer);
    };
    const fail = (cause: unknown) =>
      finish({ error: cause instanceof Error ? cause.message : 'the library ended', broken: true });
    const timer = Number.isFinite(limit) ? setTimeout(() => finish(undefined), limit) : undefined;
    worker.on('message', finish).on('error', fail).on('exit', fail);
    send();
  });
}

async function sizeOfFile(path: string): Promise<number> {
  const { size } = await stat(path).catch((error) => {
    throw explainFileError(error, path);
  });
  return size;
}

const damaged = (path: string, what: string): UserError => damagedFile(path, what, 'an HDF5 file');
