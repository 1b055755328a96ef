import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Python that has PyTorch. */
export interface TorchInstallation {
  readonly python: string;
  readonly version: string;
}

/** PyTorch's side of the benchmarks. */
export const TORCH_PROGRAM = join(import.meta.dirname, '../../bench/torch_bench.py');

const QUESTION = 'import torch; print(torch.__version__)';

/** The first Python that has PyTorch: the one that was asked for, else `python3`, else `/usr/bin/python3`. */
export async function findTorch(asked?: string): Promise<TorchInstallation | { readonly problem: string }> {
  const candidates = asked === undefined ? ['python3', '/usr/bin/python3'] : [asked];
  for (const python of candidates) {
    const found = await promisify(execFile)(python, ['-c', QUESTION]).catch(() => undefined);
    if (found) return { python, version: found.stdout.trim() };
  }
  return { problem: `no PyTorch in ${candidates.join(' or ')}` };
}
