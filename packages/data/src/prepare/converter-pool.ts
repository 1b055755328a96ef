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

  constructor(job: ImageJob) {
    this.worker = new Worker(new URL('./converter-thread.js', import.meta.url), { workerData: job });
  }

  convert(task: ImageTask): Promise<ImageResult> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        this.worker.removeAllListeners();
        settle();
      };
      this.worker
        .on('message', (answer: Answer) =>
          finish(() => {
            if ('result' in answer) resolve(answer.result);
            else reject(answer.parts ? new UserError(answer.parts) : new Error(answer.problem));
          }),
        )
        .on('error', (error) => finish(() => reject(error)))
        .on('exit', () => finish(() => reject(new Error('a converting thread ended'))));
      this.worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
