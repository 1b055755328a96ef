import { ignoreOf, type LabelData, type LabelMap, labelArray, type RandomStream, UserError } from '@unseen/core';
import { drawLabels } from '../label-prior.ts';

/** Train ids of square patches, one after another: [count · size · size]. */
export interface LabelPatches {
  readonly size: number;
  readonly count: number;
  /** "Unlabelled" is as in label maps ({@link ignoreOf}). */
  readonly labels: LabelData;
}

/**
 * Cuts a label map into disjoint blocks and keeps those with a labelled pixel; the remainder at the edges is dropped.
 */
export function cutPatches({ height, width, data }: Omit<LabelMap, 'id'>, size: number): LabelPatches {
  const hidden = ignoreOf(data);
  const labels: number[] = [];
  for (let top = 0; top + size <= height; top += size) {
    for (let left = 0; left + size <= width; left += size) {
      const block: number[] = [];
      for (let y = top; y < top + size; y++) {
        for (let x = left; x < left + size; x++) block.push(data[y * width + x]);
      }
      if (block.some((label) => label !== hidden)) labels.push(...block);
    }
  }
  const cut = emptyLike(data, labels.length);
  cut.set(labels);
  return { size, count: labels.length / (size * size), labels: cut };
}

/**
 * Gives unlabelled pixels the label of a neighbour (above, left, right or below, the first that has one), repeated
 * until a label can spread from the centre to the corners: once for 3×3 patches, twice for 5×5. Pixels that are still
 * unlabelled stay so.
 */
export function fillPatches({ size, count, labels }: LabelPatches): LabelPatches {
  const hidden = ignoreOf(labels);
  let filled = labels;
  for (let pass = 0; pass < (size - 1) / 2; pass++) {
    const before = filled;
    filled = before.map((label, i) => (label === hidden ? neighbourOf(before, i, size) : label));
  }
  return { size, count, labels: filled };
}

function neighbourOf(labels: LabelData, position: number, size: number): number {
  const hidden = ignoreOf(labels);
  const [y, x] = [Math.floor(position / size) % size, position % size];
  const neighbours = [
    y > 0 && labels[position - size],
    x > 0 && labels[position - 1],
    x < size - 1 && labels[position + 1],
    y < size - 1 && labels[position + size],
  ];
  return neighbours.find((label): label is number => label !== false && label !== hidden) ?? hidden;
}

/** Draws one of the categories in each patch: [count]. */
export function drawCategories({ size, count, labels }: LabelPatches, random: RandomStream): Int32Array {
  const hidden = ignoreOf(labels);
  return Int32Array.from({ length: count }, (_, patch) => {
    const block = labels.subarray(patch * size * size, (patch + 1) * size * size);
    const present = [...new Set(block)].filter((label) => label !== hidden);
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
  const labels = labelArray(prior.length, count * area);
  for (let i = 0; i < labels.length; i++) labels[i] = channels[Math.floor(i / area)];
  return { size, count, labels };
}

/**
 * Number of generated patches among `count`, if there are `ratio` pure patches for each generated one (CaGNet uses 8;
 * docs/methods/cagnet.md, "Patch-wise").
 */
export function generatedShare(count: number, ratio: number): number {
  return Math.round(count / (1 + ratio));
}

/** The patches of several sets, all of the same classes, one set after the other. */
export function joinPatches(sets: readonly LabelPatches[]): LabelPatches {
  const [{ size, labels: first }] = sets;
  if (sets.some((set) => set.size !== size)) throw new Error('patches of several sizes cannot be joined');
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const labels = emptyLike(first, count * size * size);
  let at = 0;
  for (const set of sets) {
    labels.set(set.labels, at);
    at += set.labels.length;
  }
  return { size, count, labels };
}

/** {@link joinPatches} in random order. */
export function mixPatches(sets: readonly LabelPatches[], random: RandomStream): LabelPatches {
  const { size, count, labels } = joinPatches(sets);
  const area = size * size;
  const mixed = emptyLike(labels, labels.length);
  for (const [to, from] of random.permutation(count).entries()) {
    mixed.set(labels.subarray(from * area, (from + 1) * area), to * area);
  }
  return { size, count, labels: mixed };
}

function emptyLike(labels: LabelData, length: number): LabelData {
  return labels instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
}
