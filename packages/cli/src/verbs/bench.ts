import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookUp, SeedTree, UserError } from '@unseen/core';
import type { BackendName } from '@unseen/experiment';
import type { BackendTime } from '../bench/backend-times.ts';
import type { Benchmark } from '../bench/benchmark.ts';
import type { CheckResult } from '../bench/check.ts';
import type { CompareOptions } from '../bench/compare.ts';
import type { BenchProfile } from '../bench/profile.ts';
import type { TorchInstallation } from '../bench/python.ts';
import type { BenchResult } from '../bench/result.ts';
import { backendOption, once, wholeNumber } from '../options.ts';
import { textTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { defineVerb } from '../verb.ts';

/** `unseen bench`: how fast this machine is, beside PyTorch. */
export const bench = defineVerb({
  positionals: {},
  options: {
    only: { type: 'string', requiresArg: true, describe: 'Names of benchmarks, with commas (default: all)' },
    python: {
      type: 'string',
      requiresArg: true,
      coerce: once('python') as (text: string | readonly string[]) => string | undefined,
      describe: 'Python with PyTorch (default: python3, else /usr/bin/python3)',
    },
    rounds: { type: 'string', requiresArg: true, coerce: wholeNumber('rounds'), describe: 'Rounds of each side (5)' },
    threads: { type: 'string', requiresArg: true, coerce: wholeNumber('threads'), describe: 'Threads (all cores)' },
    quick: { type: 'boolean', default: false, describe: 'Tiny sizes; the times are meaningless' },
    check: { type: 'boolean', default: false, describe: 'Compare the numbers of both sides instead of their times' },
    backend: { ...backendOption, describe: 'Time our side alone on this backend, with what the host does for it' },
    profile: { type: 'boolean', default: false, describe: 'Show which kinds of operators our time goes into' },
  },
  examples: [
    ['unseen bench', 'all benchmarks, a few minutes on an otherwise idle machine'],
    ['unseen bench --only resnet101-321-train,cagnet-step1 --rounds 9', 'two benchmarks, measured more precisely'],
    ['unseen bench --check', 'check that both sides compute the same'],
    ['unseen bench --profile --only cagnet-step1', 'show where a step spends its time'],
    ['unseen bench --backend webgpu --only cagnet-step1', "a step on the GPU, with the host's share"],
  ],
  async run({ only, python, rounds = 5, threads = availableParallelism(), quick, ...mode }, { terminal }) {
    const { check, profile, backend } = mode;
    const modes = [check && '--check', profile && '--profile', backend && '--backend'].filter(Boolean);
    if (modes.length > 1) throw new UserError({ given: modes.join(' with '), remedy: 'ask for one of them' });
    if (rounds < 1 || threads < 1) throw new UserError({ given: '0 rounds or threads', expected: 'at least 1' });
    const [{ benchmarks }, { findTorch }, { describeMachine }] = await Promise.all([
      import('../bench/benchmarks.ts'),
      import('../bench/python.ts'),
      import('../bench/machine.ts'),
    ]);
    const chosen = only?.split(',').map((name) => lookUp(benchmarks, name, 'benchmark')) ?? Object.values(benchmarks);
    const scale = quick ? 'tiny' : 'sizes';
    if (backend) return await timeBackend(chosen, backend, { scale, threads, rounds }, terminal);
    if (profile) return await profileAll(chosen, { scale, threads }, terminal);
    const found = await findTorch(python);
    const torch = 'problem' in found ? undefined : found;
    terminal.note('problem' in found ? `${found.problem}: no ratios` : `PyTorch ${found.version} of ${found.python}`);
    const folder = await mkdtemp(join(tmpdir(), 'unseen-bench-'));
    try {
      if (check) return await checkAll(chosen, torch, folder, terminal);
      return await timeAll(chosen, { scale, threads, rounds, folder, torch }, terminal, {
        ...describeMachine(threads),
        torch: torch ?? null,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

async function timeBackend(
  chosen: readonly Benchmark[],
  backend: BackendName,
  options: Pick<CompareOptions, 'scale' | 'threads' | 'rounds'>,
  terminal: Terminal,
) {
  const [{ backendTable, timeOnBackend }, { chooseEngine, choiceText }] = await Promise.all([
    import('../bench/backend-times.ts'),
    import('@unseen/experiment'),
  ]);
  const { engine, choice } = await chooseEngine(backend, terminal.progress.warn);
  engine.dispose();
  terminal.note(choiceText(choice));
  const createEngine = async () => (await chooseEngine(choice.name as BackendName, terminal.progress.warn)).engine;
  const results: BackendTime[] = [];
  for (const benchmark of chosen) {
    terminal.note(`${benchmark.name} …`);
    const result = await timeOnBackend(benchmark, { ...options, createEngine });
    if (result) results.push(result);
    else terminal.note(`${benchmark.name} does not run on an engine`);
  }
  terminal.print(backendTable(results));
  return { backend: choice, results };
}

async function profileAll(
  chosen: readonly Benchmark[],
  setting: Pick<CompareOptions, 'scale' | 'threads'>,
  terminal: Terminal,
) {
  const { profileBenchmark, profileRows } = await import('../bench/profile.ts');
  const folder = await mkdtemp(join(tmpdir(), 'unseen-bench-'));
  const profiles: BenchProfile[] = [];
  try {
    for (const benchmark of chosen) {
      const seeds = new SeedTree(0).child(benchmark.name);
      const profile = await profileBenchmark(benchmark, { ...setting, folder, seeds });
      if (!profile) {
        terminal.note(`${benchmark.name} has no graph`);
        continue;
      }
      terminal.print(`${profile.name}\n${textTable(profileRows(profile))}\n`);
      profiles.push(profile);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { profiles };
}

async function checkAll(
  chosen: readonly Benchmark[],
  torch: TorchInstallation | undefined,
  folder: string,
  terminal: Terminal,
) {
  if (!torch)
    throw new UserError({ given: 'no PyTorch to compare with', remedy: 'name a Python that has it: --python' });
  const [{ CHECK_TOLERANCE, checkBenchmark }, { startOurs, startTorch }] = await Promise.all([
    import('../bench/check.ts'),
    import('../bench/compare.ts'),
  ]);
  // Benchmarks that differ in their sizes alone are one computation.
  const distinct = new Map(chosen.map((benchmark) => [JSON.stringify([benchmark.torch, benchmark.tiny]), benchmark]));
  const checks: CheckResult[] = [];
  const [ours, theirs] = [startOurs(1), startTorch(torch, 1)];
  try {
    for (const benchmark of [...distinct.values()].filter((one) => one.torch !== undefined)) {
      const result = await checkBenchmark(benchmark, { ours, theirs, folder });
      terminal.print(`${result.name}: ${result.tensors} tensors agree to ${result.error.toExponential(1)}`);
      checks.push(result);
    }
  } finally {
    ours.close();
    theirs.close();
  }
  const wrong = checks.filter(({ error }) => !(error <= CHECK_TOLERANCE));
  if (wrong.length > 0) {
    const named = wrong.map(({ name, worst, error }) => `${name} (${worst} by ${error.toExponential(1)})`);
    throw new UserError({ given: `${named.join(', ')} differ`, expected: `agreement to ${CHECK_TOLERANCE}` });
  }
  return { checks, torch };
}

async function timeAll(chosen: readonly Benchmark[], options: CompareOptions, terminal: Terminal, machine: object) {
  const [{ compare }, { benchResult, benchTable }, { benchmarks }] = await Promise.all([
    import('../bench/compare.ts'),
    import('../bench/result.ts'),
    import('../bench/benchmarks.ts'),
  ]);
  const note = (name: string) => terminal.note(`${name} …`);
  note('matmul');
  const peak = await compare(benchmarks.matmul, options);
  const matmulPeak = {
    ours: peak.flops! / peak.ours.best / 1e9,
    torch: peak.torch && peak.flops! / peak.torch.best / 1e9,
  };
  const results: BenchResult[] = [];
  for (const benchmark of chosen) {
    if (benchmark.name !== 'matmul') note(benchmark.name);
    const comparison = benchmark.name === 'matmul' ? peak : await compare(benchmark, options);
    results.push(benchResult(benchmark, comparison, matmulPeak.ours));
  }
  terminal.print(benchTable(results));
  return {
    results,
    machine: { ...machine, matmulGflops: matmulPeak, sizes: options.scale === 'tiny' ? 'tiny' : 'full' },
  };
}
