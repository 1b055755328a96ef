import type { ClassInfo, ZeroShotSplit } from '@unseen/core';

/** How often a class occurs in a subset. */
export interface Support {
  readonly pixels: number;
  readonly images: number;
}

/** How often a class occurs in a dataset. */
export interface ClassSupport {
  readonly id: number;
  readonly name: string;
  readonly group: 'seen' | 'unseen' | 'outside';
  readonly train: Support;
  readonly val: Support;
}

/** Mask values with their pixels. */
export type ValueCounts = readonly (readonly [value: number, pixels: number])[];

/** Adds one mask to the pixels and images of every value. */
export function addMask(support: Map<number, Support>, counts: ValueCounts): void {
  for (const [value, n] of counts) {
    const { pixels, images } = support.get(value) ?? NONE;
    support.set(value, { pixels: pixels + n, images: images + 1 });
  }
}

const NONE: Support = { pixels: 0, images: 0 };

/** Support of every class of a dataset, by its group in a split. */
export function classSupport(
  classes: readonly Pick<ClassInfo, 'id' | 'name'>[],
  { seen, unseen }: ZeroShotSplit,
  train: ReadonlyMap<number, Support>,
  val: ReadonlyMap<number, Support>,
): ClassSupport[] {
  return classes.map(({ id, name }) => {
    const group = seen.includes(id) ? 'seen' : unseen.includes(id) ? 'unseen' : 'outside';
    return { id, name, group, train: train.get(id) ?? NONE, val: val.get(id) ?? NONE };
  });
}

/** Unseen classes without a test pixel: they cannot be scored. */
export function untestedUnseen(support: readonly ClassSupport[]): ClassSupport[] {
  return support.filter(({ group, val }) => group === 'unseen' && val.pixels === 0);
}

/** Seen classes without a training pixel: they cannot be learned. */
export function untrainedSeen(support: readonly ClassSupport[]): ClassSupport[] {
  return support.filter(({ group, train }) => group === 'seen' && train.pixels === 0);
}
