import * as tf from '@tensorflow/tfjs-core';
import { lookUp, UserError } from '@unseen/core';
import { EagerEngine } from './eager/engine.ts';
import { onnxruntimeProblem } from './onnxruntime.ts';
import type { Engine } from './program.ts';

/** A way of computing, and whether this machine offers it. */
export interface BackendStatus {
  readonly name: string;
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
  cpu: {
    description: 'TensorFlow.js in plain JavaScript: the reference, slow',
    problem: async () => undefined,
    register: () => import('@tensorflow/tfjs-backend-cpu'),
  },
};

/** All backends of this project, the preferred first, with the reason where one cannot be used on this machine. */
export async function availableBackends(): Promise<BackendStatus[]> {
  const compiled = {
    name: 'onnxruntime',
    description: 'compiled graphs on ONNX Runtime, all cores',
    problem: onnxruntimeProblem(),
  };
  const eager = Object.entries(eagerBackends).map(async ([name, { description, problem }]) => ({
    name,
    description,
    problem: await problem(),
  }));
  return [compiled, ...(await Promise.all(eager))];
}

/**
 * The engine that runs programs operation by operation on a TF.js backend, which becomes the process's active one.
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
