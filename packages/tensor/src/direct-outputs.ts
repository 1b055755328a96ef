import { messageOf } from '@unseen/core';
import type { HostArray, HostTensor, HostTensors } from './host-tensor.ts';
import { singleOperationModel } from './single-operation.ts';

/** The part of the binding's sessions that is used here. An output given as `null` is allocated by the binding. */
export interface BindingSession {
  run(feeds: HostTensors, outputs: Readonly<Record<string, HostTensor | null>>, options: object): HostTensors;
}

/** The binding's message at a bfloat16 output: the run is over and nothing has been copied yet. */
const STOPPED = /Tensor type \(16\)/;

/** Runs a model so that the binding stops before it copies. Returns false if it did not stop. */
export function runDirect(session: BindingSession, feeds: HostTensors, outputs: HostTensors): boolean {
  try {
    session.run(feeds, { stop: null, ...outputs }, {});
  } catch (error) {
    if (STOPPED.test(messageOf(error))) return true;
    throw error;
  }
  return false;
}

/** Runs a model and copies each output to its destination, unless the binding has already written it there. */
export function runCopying(session: BindingSession, feeds: HostTensors, outputs: HostTensors): void {
  const results = session.run(feeds, outputs, {});
  for (const [name, output] of Object.entries(outputs)) {
    const [from, to] = [results[name].data as HostArray, output.data as HostArray];
    if (from.buffer !== to.buffer) (to as Float32Array).set(from as Float32Array);
  }
}

/** The model for {@link writesDirectly}: y = -x, with three elements. */
export const directOutputsModel: Uint8Array = singleOperationModel(
  [{ operator: 'Neg', inputs: ['x'], outputs: ['y'] }],
  [{ name: 'x', shape: [3] }],
  [{ name: 'y', shape: [3] }],
);

/** Whether a session of {@link directOutputsModel} writes preallocated outputs and then stops at the bfloat16 output. */
export function writesDirectly(session: BindingSession, tensor: (values: Float32Array) => HostTensor): boolean {
  const written = new Float32Array(3).fill(Number.NaN);
  try {
    const stopped = runDirect(session, { x: tensor(Float32Array.of(1, -2, 3)) }, { y: tensor(written) });
    return stopped && written.join() === '-1,2,-3';
  } catch {
    return false;
  }
}
