import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UserError } from '@unseen/core';
import { convertImage } from './convert-image.ts';
import type { ImageTask } from './converter.ts';
import type { Answer } from './converter-pool.ts';

// One of the threads of converter-pool.ts: an image in, its result out.
parentPort?.on('message', async (task: ImageTask) => {
  let answer: Answer;
  try {
    answer = { result: await convertImage(task, workerData) };
  } catch (error) {
    answer = { problem: messageOf(error), ...(error instanceof UserError && { parts: error.parts }) };
  }
  parentPort?.postMessage(answer);
});
