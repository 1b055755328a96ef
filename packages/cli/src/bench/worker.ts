// A process of `unseen bench` that runs our side: one JSON request a line, one JSON answer a line.
import { createInterface } from 'node:readline';
import { messageOf, SeedTree } from '@unseen/core';
import { writeSafetensors } from '@unseen/formats';
import type { PreparedBenchmark, Scale } from './benchmark.ts';
import { benchmarks } from './benchmarks.ts';

/** What this side is asked. */
export type WorkerRequest =
  | {
      readonly op: 'prepare';
      readonly name: string;
      readonly scale: Scale;
      readonly threads: number;
      readonly folder: string;
      readonly warm: boolean;
    }
  | { readonly op: 'time'; readonly steps: number }
  | { readonly op: 'check'; readonly given: string; readonly expected: string }
  | { readonly op: 'memory' };

let prepared: PreparedBenchmark | undefined;

async function timed(steps: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < steps; i++) {
    const begin = performance.now();
    await prepared!.step();
    seconds.push((performance.now() - begin) / 1000);
  }
  return seconds;
}

async function answer(request: WorkerRequest): Promise<object> {
  switch (request.op) {
    case 'prepare': {
      const { name, scale, threads, folder, warm } = request;
      await prepared?.dispose();
      prepared = await benchmarks[name].prepare(scale, { threads, folder, seeds: new SeedTree(0).child(name) });
      return { flops: prepared.flops ?? null, seconds: warm ? (await timed(2))[1] : null };
    }
    case 'time':
      return { seconds: await timed(request.steps) };
    case 'check': {
      const { given, expected } = await prepared!.check();
      await writeSafetensors(request.given, given);
      await writeSafetensors(request.expected, expected);
      return {};
    }
    case 'memory':
      return { bytes: process.resourceUsage().maxRSS * 1024 };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line)).catch((error) => ({ error: messageOf(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await prepared?.dispose();
