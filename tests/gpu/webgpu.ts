import * as tf from '@tensorflow/tfjs-core';
import { backendStatus, createEagerEngine, type Engine } from '@unseen/tensor';

const status = await backendStatus('webgpu');

/** Why `webgpu` cannot be tested here; `undefined` where it can. */
export const webgpuProblem: string | undefined = status.problem;

/** A title that says so. */
export const onWebgpu: string = `webgpu ${webgpuProblem === undefined ? `on ${status.device}` : `(${webgpuProblem})`}`;

/** The eager engine on the GPU, or on the software that imitates one. */
export const webgpuEngine = (): Promise<Engine> => createEagerEngine('webgpu');

/**
 * Without UNSEEN_SLOW, products take the kernel for small results: software compiles each variant of the tiled ones for
 * seconds, and the tests of conformance and of large tensors are what these are checked by. Once an engine was made.
 */
export function useSmallKernels(): void {
  if (process.env.UNSEEN_SLOW === undefined) tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 2);
}
