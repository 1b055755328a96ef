import * as tf from '@tensorflow/tfjs-core';
import { lookUp, UserError } from '@unseen/core';
import { EagerEngine } from './eager/engine.ts';
import { onnxruntimeProblem } from './onnxruntime.ts';
import type { Engine } from './program.ts';

/** A way of computing, and whether this machine offers it. */
export interface BackendStatus {
  readonly name: string;
  /** `compiled` runs a program as one graph; `eager` runs it on TF.js, one operation after the other. */
  readonly engine: 'compiled' | 'eager';
  readonly description: string;
  /** Why it cannot be used here; `undefined` where it can. */
  readonly problem?: string;
}

/** A TF.js backend: importing it registers it, so it is imported only when it is selected. */
interface EagerBackend {
  readonly description: string;
  problem(): Promise<string | undefined>;
  register(): Promise<unknown>;
}

const eagerBackends: Readonly<Record<string, EagerBackend>> = {
  onnxruntime: {
    description: 'TensorFlow.js with its slow operations on ONNX Runtime: for what is not compiled',
    problem: async () => onnxruntimeProblem(),
    register: async () => (await import('./eager/onnxruntime/kernels.ts')).registerOnnxRuntimeBackend(),
  },
  cpu: {
    description: 'TensorFlow.js in plain JavaScript: the reference, slow',
    problem: async () => undefined,
    register: async () => (await import('./eager/cpu-kernels.ts')).registerCpuBackend(),
  },
};

/**
 * All backends of this project, the preferred first, with the reason where one cannot be used on this machine.
 * `onnxruntime` is there twice: as the compiled engine (`@unseen/onnx`), which is what a setting of that name means,
 * and as a TF.js backend of the eager engine.
 */
export async function availableBackends(): Promise<BackendStatus[]> {
  const compiled: BackendStatus = {
    name: 'onnxruntime',
    engine: 'compiled',
    description: 'compiled graphs on ONNX Runtime, all cores',
    problem: onnxruntimeProblem(),
  };
  const eager = Object.entries(eagerBackends).map(
    async ([name, { description, problem }]): Promise<BackendStatus> => ({
      name,
      engine: 'eager',
      description,
      problem: await problem(),
    }),
  );
  return [compiled, ...(await Promise.all(eager))];
}

/**
 * The engine that runs programs operation by operation on a TF.js backend, which becomes the process's active one.
 * `createEagerEngine('onnxruntime')` is not the compiled engine of that name but TF.js on ONNX Runtime's kernels.
 * @throws UserError for an unknown backend or one that this machine does not offer
 */
export async function createEagerEngine(name = 'cpu'): Promise<Engine> {
  const backend = lookUp(eagerBackends, name, 'TensorFlow.js backend');
  const problem = await backend.problem();
  if (problem !== undefined) {
    throw new UserError({
      given: `backend '${name}' cannot be used here: ${problem}`,
      remedy: "use the backend 'cpu'",
    });
  }
  // Otherwise TF.js advertises another backend on standard error.
  tf.env().set('PROD', true);
  await backend.register();
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js did not start its backend '${name}'`);
  await tf.ready();
  return new EagerEngine(name);
}
