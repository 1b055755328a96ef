import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { startUnseen, unseen } from '../helpers/command.ts';

/** Times and memory of processes: each has one of its own. */
const measure = (...args: string[]) => startUnseen(['bench', ...args, '--json'], tmpdir()).ended;
const bench = (...args: string[]) => unseen(['bench', ...args, '--json'], tmpdir());
// Looked for and not loaded, which takes seconds.
const HAS_TORCH = 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)';
const torch = ['python3', '/usr/bin/python3'].some((python) => spawnSync(python, ['-c', HAS_TORCH]).status === 0);

test('times without PyTorch, and says so', async () => {
  const only = 'contextual,store-read';
  const { code, stderr, lastLine } = await measure('--quick', '--rounds', '2', '--only', only, '--python', 'nowhere');
  expect(code).toBe(0);
  expect(stderr).toContain('no PyTorch in nowhere: no ratios');
  const { results, machine } = JSON.parse(lastLine);
  expect(results.map(({ name }: { name: string }) => name).join()).toBe(only);
  for (const result of results) {
    expect(result).toMatchObject({ torch: null, ratio: null, torchPeakMemory: null, steps: 4 });
    expect(result.ours).toBeGreaterThan(0);
    expect(result.oursPeakMemory).toBeGreaterThan(2e7);
  }
  expect(results[0].oursGflops).toBeCloseTo(results[0].flops / results[0].ours / 1e9);
  expect(machine).toMatchObject({ torch: null, sizes: 'tiny', node: process.version });
  expect(machine.matmulGflops.ours).toBeGreaterThan(0);
});

test.skipIf(!torch)('times PyTorch in the same run', async () => {
  const { code, lastLine } = await measure('--quick', '--rounds', '2', '--only', 'gmmn-step', '--threads', '1');
  expect(code).toBe(0);
  const { results, machine } = JSON.parse(lastLine);
  expect(results[0].ratio).toBeCloseTo(results[0].ours / results[0].torch);
  expect(machine).toMatchObject({ threads: 1, torch: { python: expect.any(String), version: expect.any(String) } });
});

test.skipIf(!torch)('both sides compute the same losses and gradients', async () => {
  const { code, lastLine, stderr } = await measure('--check');
  expect(stderr).not.toContain('differ');
  expect(code).toBe(0);
  const { checks } = JSON.parse(lastLine) as { checks: { name: string; tensors: number; error: number }[] };
  expect(checks.length).toBeGreaterThanOrEqual(8);
  for (const { error } of checks) expect(error).toBeLessThan(1e-4);
  // Six outputs, three losses, and the gradients of every weight.
  expect(checks.find(({ name }) => name === 'cagnet-step1')?.tensors).toBeGreaterThan(20);
});

test('shows where the time of a step goes', async () => {
  const { code, stderr, lastLine } = await bench('--quick', '--profile', '--only', 'gmmn-step,confusion-matrix');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^gmmn-step\noperator +ms/m);
  expect(stderr).toContain('confusion-matrix has no graph');
  const { profiles } = JSON.parse(lastLine);
  expect(profiles.map(({ name }: { name: string }) => name)).toEqual(['gmmn-step']);
  expect(profiles[0].kinds.map(({ operator }: { operator: string }) => operator)).toContain('Gemm');
});

test.each([
  [['--only', 'contextul'], "unknown benchmark 'contextul'", "did you mean 'contextual'"],
  [['--check', '--profile'], '--check with --profile', 'one of them'],
  [['--backend', 'cpu', '--profile'], '--profile with --backend', 'one of them'],
  [['--backend', 'cuda'], 'cuda', 'tensorflow'],
  [['--rounds', '0'], '0 rounds or threads', 'at least 1'],
  [['--check', '--python', 'nowhere'], 'no PyTorch to compare with', '--python'],
])('%j is refused', async (args, given, advice) => {
  const { code, stderr } = await bench(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(given);
  expect(stderr).toContain(advice);
});

test('times our side on any backend, with what the host takes', async () => {
  const { code, stderr, lastLine } = await bench('--quick', '--backend', 'cpu', '--only', 'matmul,store-read');
  expect(code).toBe(0);
  expect(stderr).toContain('backend cpu (@tensorflow/tfjs-backend-cpu 4.22.0)');
  expect(stderr).toContain('store-read does not run on an engine');
  const { backend, results } = JSON.parse(lastLine);
  expect(backend.name).toBe('cpu');
  expect(results).toEqual([expect.objectContaining({ name: 'matmul', count: 15, readBacks: null })]);
  expect(results[0].host).toBeLessThanOrEqual(results[0].median);
});
