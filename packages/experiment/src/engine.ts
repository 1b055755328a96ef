import { messageOf, UserError } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import type { ExperimentConfig } from './schema.ts';

/**
 * The engine of a `backend:` setting. `auto` is `onnxruntime`, or, where that has no binary (Intel Macs, musl), `cpu`
 * with a warning.
 */
export async function createEngineFor(
  backend: ExperimentConfig['backend'],
  warn: (sentence: string) => void,
): Promise<Engine> {
  if (backend === 'cpu') return createEager();
  try {
    const { createCompiledEngine } = await import('@unseen/onnx');
    return await createCompiledEngine();
  } catch (error) {
    const reason = messageOf(error).split('\n')[0];
    if (backend === 'onnxruntime') {
      throw new UserError(
        {
          given: `the onnxruntime backend does not start (${reason})`,
          remedy: 'use --set backend=cpu, which is slower',
        },
        { cause: error },
      );
    }
    warn(`the onnxruntime backend does not start (${reason}); using cpu, which is many times slower`);
    return createEager();
  }
}

async function createEager(): Promise<Engine> {
  const { createEagerEngine } = await import('@unseen/tensor');
  return createEagerEngine('cpu');
}
