import { IGNORE, type LabelMap, type RandomStream, UserError } from '@unseen/core';
import { drawLabels } from '../label-prior.ts';

/** Train ids of square patches, one after another: [count · size · size]. */
export interface LabelPatches {
  readonly size: number;
  readonly count: number;
  /** 255 for unlabelled pixels. */
  readonly labels: Uint8Array;
}

/**
 * Cuts a label map into disjoint blocks and keeps those with a labelled pixel; the remainder at the edges is dropped.
 */
export function cutPatches({ height, width, data }: Omit<LabelMap, 'id'>, size: number): LabelPatches {
  const labels: number[] = [];
  for (let top = 0; top + size <= height; top += size) {
    for (let left = 0; left + size <= width; left += size) {
      const block: number[] = [];
      for (let y = top; y < top + size; y++) {
        for (let x = left; x < left + size; x++) block.push(data[y * width + x]);
      }
      if (block.some((label) => label !== IGNORE)) labels.push(...block);
    }
  }
  return { size, count: labels.length / (size * size), labels: Uint8Array.from(labels) };
}

/**
 * Gives unlabelled pixels the label of a neighbour (above, left, right or below, the first that has one), repeated
 * until a label can spread from the centre to the corners: once for 3×3 patches, twice for 5×5. Pixels that are still
 * unlabelled stay so.
 */
export function fillPatches({ size, count, labels }: LabelPatches): LabelPatches {
  let filled = labels;
  for (let pass = 0; pass < (size - 1) / 2; pass++) {
    const before = filled;
    filled = before.map((label, i) => (label === IGNORE ? neighbourOf(before, i, size) : label));
  }
  return { size, count, labels: filled };
}

function neighbourOf(labels: Uint8Array, position: number, size: number): number {
  const [y, x] = [Math.floor(position / size) % size, position % size];
  const neighbours = [
    y > 0 && labels[position - size],
    x > 0 && labels[position - 1],
    x < size - 1 && labels[position + 1],
    y < size - 1 && labels[position + size],
  ];
  return neighbours.find((label): label is number => label !== false && label !== IGNORE) ?? IGNORE;
}

/** Draws one of the categories in each patch: [count]. */
export function drawCategories({ size, count, labels }: LabelPatches, random: RandomStream): Uint8Array {
  return Uint8Array.from({ length: count }, (_, patch) => {
    const block = labels.subarray(patch * size * size, (patch + 1) * size * size);
    const present = [...new Set(block)].filter((label) => label !== IGNORE);
    if (present.length === 0) throw new UserError({ given: 'a patch without a label', expected: 'at least one label' });
    return present[random.integer(present.length)];
  });
}

/** Patches of a single class each, drawn from a prior over all classes. */
export function purePatches(
  { size, count }: { readonly size: number; readonly count: number },
  prior: Float64Array,
  random: RandomStream,
): LabelPatches {
  const area = size * size;
  const channels = drawLabels(new Int32Array(count), prior, random);
  return { size, count, labels: Uint8Array.from({ length: count * area }, (_, i) => channels[Math.floor(i / area)]) };
}

/**
 * Number of generated patches among `count`, if there are `ratio` pure patches for each generated one (CaGNet uses 8;
 * docs/methods/cagnet.md, "Patch-wise").
 */
export function generatedShare(count: number, ratio: number): number {
  return Math.round(count / (1 + ratio));
}

/** The patches of several sets in random order. */
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
