import { lookUp, messageOf, UserError } from '@unseen/core';
import type { BackendProbe } from './backend-probe.ts';
import { probeTensorflow } from './eager/tensorflow.ts';
import { probeWebgpu, registerWebgpuBackend } from './eager/webgpu.ts';
import { onnxruntimeProblem } from './onnxruntime.ts';
import { findPackage, installCommand } from './optional-package.ts';
import type { Engine } from './program.ts';

/** A backend, and whether this machine supports it. */
export interface BackendStatus extends BackendProbe {
  readonly name: string;
  /** `compiled` runs a program as one graph; `eager` runs it on TF.js, one operation after the other. */
  readonly engine: 'compiled' | 'eager';
  readonly description: string;
  /** A command that may help when optional packages are missing or do not load. */
  readonly install?: string;
  /** What the authors have never been able to run, and why. */
  readonly untested?: string;
}

/** A TF.js backend. Importing it registers it, so it is imported only when selected. */
interface EagerBackend extends Pick<BackendStatus, 'description' | 'install' | 'untested'> {
  probe(): Promise<BackendProbe>;
  register(): Promise<unknown>;
}

const version = (name: string) => ({ [name]: findPackage(name)?.version ?? 'unknown' });

const eagerBackends: Readonly<Record<string, EagerBackend>> = {
  tensorflow: {
    description: 'TensorFlow.js on libtensorflow: a GPU with CUDA 11.2 and cuDNN 8.1',
    install: installCommand('tensorflow', ['@tensorflow/tfjs-node-gpu'], '--ignore-scripts=false'),
    untested: 'UNTESTED: libtensorflow could not be downloaded where this was written',
    probe: probeTensorflow,
    register: probeTensorflow,
  },
  webgpu: {
    description: 'TensorFlow.js on any GPU by Vulkan, Metal or Direct3D 12, without CUDA',
    install: installCommand('webgpu', ['webgpu', '@tensorflow/tfjs-backend-webgpu']),
    untested: 'UNTESTED on a real GPU: checked on SwiftShader, which is software',
    probe: probeWebgpu,
    register: registerWebgpuBackend,
  },
  onnxruntime: {
    description: 'TensorFlow.js with its slow operations on ONNX Runtime',
    probe: probeOnnxruntime,
    register: async () => (await import('./eager/onnxruntime/kernels.ts')).registerOnnxRuntimeBackend(),
  },
  cpu: {
    description: 'TensorFlow.js in plain JavaScript: the reference, slow',
    probe: async () => ({ versions: version('@tensorflow/tfjs-backend-cpu'), gpu: false }),
    register: async () => (await import('./eager/cpu-kernels.ts')).registerCpuBackend(),
  },
};

async function probeOnnxruntime(): Promise<BackendProbe> {
  return { versions: version('onnxruntime-node'), gpu: false, problem: onnxruntimeProblem() };
}

async function eagerStatus(name: string, backend: EagerBackend): Promise<BackendStatus> {
  const { description, untested, probe } = backend;
  const found = await probe();
  const install = remedyOf(backend, found.problem);
  return {
    name,
    engine: 'eager',
    description,
    ...(install && { install }),
    ...(untested && { untested }),
    ...found,
  };
}

/** The command that may fix a problem. */
function remedyOf({ install }: EagerBackend, problem = ''): string | undefined {
  return /^not installed|does not load/.test(problem) ? install : undefined;
}

/**
 * Whether this machine supports a TF.js backend. Nothing is loaded if the packages of the backend are not installed.
 */
export async function backendStatus(name: string): Promise<BackendStatus> {
  return eagerStatus(name, lookUp(eagerBackends, name, 'TensorFlow.js backend'));
}

/**
 * All backends, in order of preference, each with the reason if it cannot be used on this machine. `onnxruntime`
 * appears twice: as the compiled engine (`@unseen/onnx`), which is what a setting of that name selects, and as a TF.js
 * backend of the eager engine.
 */
export async function availableBackends(): Promise<BackendStatus[]> {
  const compiled: BackendStatus = {
    name: 'onnxruntime',
    engine: 'compiled',
    description: 'compiled graphs on ONNX Runtime, all cores of the CPU',
    ...(await probeOnnxruntime()),
  };
  const found: BackendStatus[] = [];
  for (const [name, backend] of Object.entries(eagerBackends)) {
    if (name === compiled.name) found.push(compiled);
    found.push(await tried(backend, await eagerStatus(name, backend)));
  }
  return found;
}

/** A backend with a device is started, since a probe does not see every problem. */
async function tried(backend: EagerBackend, status: BackendStatus): Promise<BackendStatus> {
  if (status.device === undefined || status.problem !== undefined) return status;
  const { tryBackend } = await import('./eager/start.ts');
  try {
    await tryBackend({ ...backend, ...status });
    return status;
  } catch (error) {
    const problem = messageOf(error).split('\n')[0];
    const install = remedyOf(backend, problem);
    return { ...status, problem, ...(install && { install }) };
  }
}

/**
 * The engine that runs programs operation by operation on a TF.js backend, which it makes the active one of the
 * process. `createEagerEngine('onnxruntime')` is not the compiled engine of that name but TF.js on ONNX Runtime's
 * kernels.
 * @throws UserError for a backend that is unknown or that this machine does not support
 *
 * @example
 * import { createEagerEngine } from '@unseen/tensor';
 *
 * const engine = await createEagerEngine('cpu');
 * const double = engine.compile({
 *   name: 'double',
 *   inputs: { x: { shape: [2], dtype: 'float32' } },
 *   describe: (ops, { x }) => ({ outputs: { y: ops.add(x, x) } }),
 * });
 * await double.run({ x: Float32Array.of(1, 2) }).read('y'); // → Float32Array.of(2, 4)
 */
export async function createEagerEngine(name = 'cpu'): Promise<Engine> {
  const backend = lookUp(eagerBackends, name, 'TensorFlow.js backend');
  const { problem, device } = await backend.probe();
  const unusable = (reason: string, cause?: unknown) => {
    const install = remedyOf(backend, reason);
    const get = install ? `install it with '${install}', or ` : '';
    const given = `backend '${name}' cannot be used here: ${reason}`;
    return new UserError({ given, remedy: `${get}use the backend 'auto'` }, { cause });
  };
  if (problem !== undefined) throw unusable(problem);
  // TF.js is large: it is loaded where it computes.
  const [{ EagerEngine }, { startBackend }] = await Promise.all([
    import('./eager/engine.ts'),
    import('./eager/start.ts'),
  ]);
  try {
    await startBackend({ ...backend, name, device });
  } catch (error) {
    throw unusable(messageOf(error).split('\n')[0], error);
  }
  return new EagerEngine(name, device);
}
