import { expect, test } from 'vitest';
import { fatalEnd } from './fatal-end.ts';

test('says how code ends the process that runs it, and nothing of code that does not', async () => {
  const ends = await Promise.all([
    fatalEnd('await import("node:fs")'),
    fatalEnd('throw undefined'),
    fatalEnd('process.exit(0)'),
    fatalEnd('process.exit(Number(process.argv[1]))', '3'),
    fatalEnd('process.kill(process.pid, "SIGTERM"); await new Promise((resolve) => setTimeout(resolve, 30_000))'),
  ]);
  expect(ends).toEqual([
    undefined,
    undefined,
    'ends the process with exit code 0',
    'ends the process with exit code 3',
    'ends the process by SIGTERM',
  ]);
});
