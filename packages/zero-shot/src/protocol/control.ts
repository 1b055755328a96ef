import { UserError } from '@unseen/core';
import type { ZeroShotConfig } from './settings.ts';

type Embeddings = Pick<ZeroShotConfig, 'embeddings'>;

/** Class vectors in channel order, `seen` of them of seen classes, as the control of an experiment wants them. */
export function controlVectors(
  { embeddings: { control } }: Embeddings,
  vectors: readonly Float32Array[],
  seen: number,
): readonly Float32Array[] {
  if (!control) return vectors;
  const unseen = vectors.slice(seen);
  if (unseen.length < 2) {
    throw new UserError({
      given: `embeddings.control: ${control} with ${unseen.length} unseen class(es)`,
      expected: 'at least two, so that vectors can change places',
    });
  }
  return [...vectors.slice(0, seen), ...unseen.slice(1), unseen[0]];
}

/** What a run says loudly when it is a control. */
export function controlWarnings({ embeddings: { control } }: Embeddings): string[] {
  if (!control) return [];
  return [
    `CONTROL (embeddings.control: ${control}): every unseen class has the vector of the next one. What is left of unseen IoU does not come from the meaning of names; these are no results of a method.`,
  ];
}
