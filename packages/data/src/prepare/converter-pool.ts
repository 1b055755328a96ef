import { Worker } from 'node:worker_threads';
import { UserError } from '@unseen/core';
import { convertImage, type ImageJob, type ImageResult } from './convert-image.ts';
import type { ImageTask } from './converter.ts';

/** What becomes of a task in another thread. */
export type Answer =
  | { readonly result: ImageResult }
  | { readonly problem: string; readonly parts?: UserError['parts'] };

/** How tasks are run. */
export interface PoolOptions {
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  /** Called in the order in which tasks end. */
  onResult(result: ImageResult, task: ImageTask): Promise<void>;
  /** An image that cannot be converted; the others go on. */
  onFailure(error: UserError, task: ImageTask): void;
}

/**
 * Converts images, as many at the same time as there are workers: in threads when the code is compiled, otherwise (and
 * for one) in this one, where they only share the waiting for files. The results do not depend on it.
 */
export async function convertImages(tasks: readonly ImageTask[], job: ImageJob, options: PoolOptions): Promise<void> {
  const queue = tasks.values();
  const count = Math.min(options.workers, tasks.length);
  const threaded = count > 1 && import.meta.url.endsWith('.js');
  let stopped = false;
  const lane = async () => {
    const thread = threaded ? new ConverterThread(job) : undefined;
    try {
      for (const task of queue) {
        options.signal?.throwIfAborted();
        if (stopped) return;
        try {
          const result = await (thread ? thread.convert(task) : convertImage(task, job));
          await options.onResult(result, task);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          options.onFailure(error, task);
        }
      }
    } catch (error) {
      stopped = true;
      throw error;
    } finally {
      await thread?.end();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: count }, lane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** A thread that converts one image after the other. */
class ConverterThread {
  private readonly worker: Worker;
  private waiting: Settling<ImageResult> | undefined;

  constructor(job: ImageJob) {
    this.worker = new Worker(new URL('./converter-thread.js', import.meta.url), { workerData: job });
    this.worker
      .on('message', (answer: Answer) => {
        if ('result' in answer) this.waiting?.resolve(answer.result);
        else this.waiting?.reject(answer.parts ? new UserError(answer.parts) : new Error(answer.problem));
      })
      .on('error', (error) => this.waiting?.reject(error))
      .on('exit', () => this.waiting?.reject(new Error('a converting thread ended')));
  }

  convert(task: ImageTask): Promise<ImageResult> {
    this.waiting = settling();
    this.worker.postMessage(task);
    return this.waiting.promise;
  }

  async end(): Promise<void> {
    this.waiting = undefined;
    await this.worker.terminate();
  }
}

interface Settling<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise that others settle; Node 20 does not have it. */
function settling<T>(): Settling<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}
