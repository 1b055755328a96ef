// Loaded before a program (node --import), it writes the address of every imported module into the file $IMPORTED.
import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// Hooks run in a thread of their own, which loads this file again.
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  appendFileSync(process.env.IMPORTED, `${url}\n`);
  return next(url, context);
}
