import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '@unseen/core';
import type { BackendProbe } from '../backend-probe.ts';
import { findPackage } from '../optional-package.ts';

/** Packages that offer TF.js's backend `tensorflow`, the one with CUDA first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What is read of the backend: whether the library below it computes on a GPU. */
interface NodeBackend {
  readonly isUsingGpuDevice?: boolean;
}

let probed: Promise<BackendProbe> | undefined;

/** Loads the first of its packages that loads; where none is installed, nothing is loaded. */
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
      restoreUtilities();
      await load();
      const { isUsingGpuDevice: gpu = false } = tf.findBackend('tensorflow') as NodeBackend;
      return { versions, gpu, device: gpu ? 'a CUDA device' : 'the CPU' };
    } catch (error) {
      problems.push(`${name} ${version} does not load (${messageOf(error).split('\n')[0].trim()})`);
    }
  }
  const versions = Object.fromEntries(installed.map(({ name, version }) => [name, version]));
  return { versions, gpu: false, problem: problems.join('; ') || `not installed (${PACKAGES.join(' or ')})` };
}

/** Functions of Node's `util` that these packages call, and that Node 23 has no more. */
function restoreUtilities(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
