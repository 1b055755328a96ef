import { type SeedTree, UserError } from '@unseen/core';

/** How many ids each subset has: counts, or fractions of all ids (rounded down). */
export type SubsetSizes = { readonly counts: readonly number[] } | { readonly fractions: readonly number[] };

/** Ids with labels and the rest, both in increasing order. */
export interface LabelledSubset {
  readonly labelled: readonly string[];
  readonly unlabelled: readonly string[];
}

/**
 * Random subsets of image ids for semi-supervised training, in the order of the sizes; every smaller one is contained in the
 * larger ones. They depend on the set of ids and the seeds, not on the order of the list. Repeated ids and sizes of
 * less than one or more than all images are {@link UserError}s.
 */
export function nestedSubsets(
  ids: readonly string[],
  { seeds, ...sizes }: SubsetSizes & { readonly seeds: SeedTree },
): LabelledSubset[] {
  const sorted = ids.toSorted();
  const repeated = sorted.find((id, i) => i > 0 && sorted[i - 1] === id);
  if (repeated !== undefined)
    throw new UserError({ given: `image '${repeated}' is listed twice`, expected: 'every image once' });
  const places = seeds.child('nested subsets').stream().permutation(sorted.length);
  return countsOf(sizes, ids.length).map((count) => {
    const chosen = new Set(places.slice(0, count));
    return {
      labelled: sorted.filter((_, i) => chosen.has(i)),
      unlabelled: sorted.filter((_, i) => !chosen.has(i)),
    };
  });
}

function countsOf(sizes: SubsetSizes, total: number): readonly number[] {
  const [given, counts] =
    'counts' in sizes
      ? [sizes.counts, sizes.counts]
      : // A third of 9 is 3, though 9 times its nearest double could be less.
        [sizes.fractions, sizes.fractions.map((fraction) => Math.floor(total * fraction + 1e-9))];
  counts.forEach((count, i) => {
    if (Number.isInteger(count) && count >= 1 && count <= total) return;
    throw new UserError({
      given: `a subset of ${given[i]} of ${total} images`,
      expected: `1 to ${total} images, or a fraction that is at least one image`,
    });
  });
  return counts;
}
