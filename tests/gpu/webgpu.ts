import { backendStatus, createEagerEngine, type Engine } from '@unseen/tensor';

const status = await backendStatus('webgpu');

/** Why `webgpu` cannot be tested here; `undefined` where it can. */
export const webgpuProblem: string | undefined = status.problem;

/** A title that says so. */
export const onWebgpu: string = `webgpu ${webgpuProblem === undefined ? `on ${status.device}` : `(${webgpuProblem})`}`;

/** The eager engine on the GPU, or on the software that imitates one. */
export const webgpuEngine = (): Promise<Engine> => createEagerEngine('webgpu');
