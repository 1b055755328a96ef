import * as tf from '@tensorflow/tfjs-core';

/** A TF.js backend that this machine supports. */
export interface StartableBackend {
  readonly name: string;
  /** The device, if it does not compute on the host. */
  readonly device?: string;
  register(): Promise<unknown>;
}

/** Activates a backend. */
export async function startBackend({ name, device, register }: StartableBackend): Promise<void> {
  // Otherwise TF.js advertises another backend on standard error.
  tf.env().set('PROD', true);
  await register();
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js did not start its backend '${name}'`);
  await tf.ready();
  if (device !== undefined) await requireArithmetic();
}

/** Starts a backend to check that it computes correctly; the active backend stays active. */
export async function tryBackend(backend: StartableBackend): Promise<void> {
  const active = tf.engine().backendName;
  try {
    await startBackend(backend);
  } finally {
    if (active) await tf.setBackend(active);
  }
}

/** A driver that starts may still compute nonsense. */
async function requireArithmetic(): Promise<void> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[2, 3]]), tf.tensor2d([[5], [7]])));
  const [value] = await product.data();
  product.dispose();
  if (value !== 31) throw new Error(`its device says that 2·5 + 3·7 is ${value}`);
}
