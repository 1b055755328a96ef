import { availableParallelism, cpus, totalmem } from 'node:os';
import { onnxruntimeVersion } from '@unseen/tensor';

/** What a measurement depends on besides the program. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** Of each side. */
  readonly threads: number;
}

/** Describes this machine. */
export function describeMachine(threads: number): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    onnxruntime: onnxruntimeVersion(),
    threads,
  };
}
