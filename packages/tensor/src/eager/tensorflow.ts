import { createRequire } from 'node:module';
import { messageOf } from '@unseen/core';
import type { BackendProbe } from '../backend-probe.ts';
import { findPackage } from '../optional-package.ts';

/** Packages that provide TF.js's backend `tensorflow`, the one with CUDA first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The part of the backend that says whether its library computes on a GPU. */
interface NodeBackend {
  readonly isUsingGpuDevice?: boolean;
}

let probed: Promise<BackendProbe> | undefined;

/** Loads the first of its packages that loads; nothing if none is installed. */
export function probeTensorflow(): Promise<BackendProbe> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<BackendProbe> {
  const installed = PACKAGES.flatMap((name) => findPackage(name) ?? []);
  const problems: string[] = [];
  for (const { name, version, load } of installed) {
    const versions = { [name]: version };
    try {
      restoreUtilities(createRequire(import.meta.url)('node:util'));
      await load(TRIAL);
      const { findBackend } = await import('@tensorflow/tfjs-core');
      const backend = findBackend('tensorflow') as NodeBackend | null;
      if (backend === null)
        throw new Error(`${name} ${version} does not load (it does not register the backend 'tensorflow')`);
      const { isUsingGpuDevice: gpu = false } = backend;
      return { versions, gpu, device: gpu ? 'a CUDA device' : 'the CPU' };
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  const versions = Object.fromEntries(installed.map(({ name, version }) => [name, version]));
  return { versions, gpu: false, problem: problems.join('; ') || `not installed (${PACKAGES.join(' or ')})` };
}

/**
 * Functions of Node's `util` that these packages call and that Node 23 has removed. Self-contained: it runs in another
 * process.
 */
function restoreUtilities(util: Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** What may crash the process if the library does not suit this machine. */
const TRIAL = `(${restoreUtilities})(require('node:util')); require(process.argv[1])`;
