import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { BackendChoice } from './engine.ts';

/** What a run's numbers may depend on besides its settings; `environment.json`. */
export interface Environment {
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  /** Threads that compute; by default the cores that this process may use. Sums are added up in another order on others. */
  readonly threads?: number;
  readonly memoryGiB: number;
  readonly backend: string;
  /** The GPU, where the backend computes on one (or on software that imitates one). */
  readonly device?: string;
  /** Backends that `backend: auto` would have preferred, each with the reason why it was not taken. */
  readonly passedOver?: Readonly<Record<string, string>>;
  /** Versions of the packages that compute. */
  readonly packages: Readonly<Record<string, string>>;
  /** Commit of the working directory's git checkout, `-dirty` when files differ from it; null outside of one. */
  readonly commit: string | null;
  readonly seed: number;
  readonly started: string;
}

const PACKAGES = [
  '@unseen/experiment',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  'onnxruntime-node',
  'sharp',
];

/** Describes this machine and installation. */
export async function describeEnvironment(
  { name: backend, device, versions: computing, passedOver, threads = availableParallelism() }: BackendChoice,
  seed: number,
): Promise<Environment> {
  const versions = await Promise.all(PACKAGES.map(async (name) => [name, await installedVersion(name)] as const));
  return {
    node: process.version,
    system: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    threads,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    backend,
    ...(device !== undefined && { device }),
    ...(passedOver && { passedOver }),
    packages: {
      ...Object.fromEntries(versions.filter((entry): entry is readonly [string, string] => entry[1] !== undefined)),
      ...computing,
    },
    commit: await commitOf(process.cwd()),
    seed,
    started: new Date().toISOString(),
  };
}

/** In words, what differs between two environments in a way that may change numbers. */
export function environmentChanges(before: Environment, now: Environment): string[] {
  const flat = (e: Environment): Record<string, unknown> => ({
    node: e.node,
    system: e.system,
    cpu: e.cpu,
    cores: e.cores,
    // Where the machine has other cores, that says enough; earlier versions did not record threads.
    ...(before.cores === now.cores && before.threads !== undefined && { threads: e.threads }),
    backend: e.backend,
    device: e.device,
    ...e.packages,
  });
  const [a, b] = [flat(before), flat(now)];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.filter((key) => a[key] !== b[key]).map((key) => `${key} ${a[key] ?? 'absent'} → ${b[key] ?? 'absent'}`);
}

/** Read from disk, since packages do not export their package.json. */
async function installedVersion(name: string): Promise<string | undefined> {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'node_modules', name, 'package.json');
    if (existsSync(path)) return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
  }
  return undefined;
}

async function commitOf(dir: string): Promise<string | null> {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*'];
    return (await promisify(execFile)('git', args, { cwd: dir })).stdout.trim();
  } catch {
    // No git, or no checkout.
    return null;
  }
}
