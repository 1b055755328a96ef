import type { RandomStream } from '@unseen/core';
import { drawLabels } from '../label-prior.ts';
import type { LabelPatches } from './label-patches.ts';

/** Patches of one class each, drawn from a prior over all channels. */
export function purePatches(
  { size, count }: { readonly size: number; readonly count: number },
  prior: Float64Array,
  random: RandomStream,
): LabelPatches {
  const area = size * size;
  const channels = drawLabels(new Int32Array(count), prior, random);
  return { size, count, labels: Uint8Array.from({ length: count * area }, (_, i) => channels[Math.floor(i / area)]) };
}

/** How many of `count` patches are generated where there are `ratio` pure ones for each of them (spec §8.5). */
export function generatedShare(count: number, ratio: number): number {
  return Math.round(count / (1 + ratio));
}

/** All patches of several sets in a random order. */
export function mixPatches(sets: readonly LabelPatches[], random: RandomStream): LabelPatches {
  const [{ size }] = sets;
  const area = size * size;
  if (sets.some((set) => set.size !== size)) throw new Error('patches of several sizes cannot be mixed');
  const all = sets.flatMap(({ count, labels }) =>
    Array.from({ length: count }, (_, i) => labels.subarray(i * area, (i + 1) * area)),
  );
  const labels = new Uint8Array(all.length * area);
  for (const [to, from] of random.permutation(all.length).entries()) labels.set(all[from], to * area);
  return { size, count: all.length, labels };
}
