import { type RandomStream, UserError } from '@unseen/core';

/** Options of {@link groupPixels}. */
export interface GroupOptions {
  /** One group per class, or one per maximal run of equal labels in reading order once ignored pixels are left out. */
  readonly by: 'class' | 'run';
  /** Labels 0 … classes-1 are used, others are ignored. */
  readonly classes: number;
  /** Samples per group; a larger group is sampled without replacement. Default: the size of the largest group. */
  readonly maxSamples?: number;
  /** Number of groups in the result, padded with empty ones. Default: as many as there are. */
  readonly maxGroups?: number;
  /** Required if anything has to be sampled. */
  readonly random?: RandomStream;
}

/** Row indices per group, for `mmdLoss`. */
export interface PixelGroups {
  /** [groups · samples], all different; beyond the rows where the mask is 0. */
  readonly indices: Int32Array;
  /** [groups · samples] */
  readonly mask: Float32Array;
  readonly groups: number;
  readonly samples: number;
  /** Number of groups beyond `maxGroups`, dropped at random. */
  readonly leftOut: number;
}

/** Groups the labelled pixels of a batch, flattened in (image, row, column) order, for {@link mmdLoss}. */
export function groupPixels(labels: ArrayLike<number>, options: GroupOptions): PixelGroups {
  const all = options.by === 'class' ? byClass(labels, options.classes) : byRun(labels, options.classes);
  const groups = options.maxGroups ?? Math.max(1, all.length);
  const samples = options.maxSamples ?? Math.max(1, ...all.map((group) => group.length));
  if (groups < 1 || samples < 1) {
    throw new UserError({ given: `${groups} groups of ${samples} samples`, expected: 'at least one of each' });
  }
  const chosen = all.length > groups ? draw(all, groups, options.random) : all;
  const indices = Int32Array.from({ length: groups * samples }, (_, slot) => labels.length + slot);
  const mask = new Float32Array(groups * samples);
  chosen.forEach((group, g) => {
    const rows = group.length > samples ? draw(group, samples, options.random) : group;
    rows.forEach((row, i) => {
      indices[g * samples + i] = row;
      mask[g * samples + i] = 1;
    });
  });
  return { indices, mask, groups, samples, leftOut: all.length - chosen.length };
}

function byClass(labels: ArrayLike<number>, classes: number): number[][] {
  const groups = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < labels.length; i++) groups[labels[i]]?.push(i);
  return groups.filter((group) => group.length > 0);
}

function byRun(labels: ArrayLike<number>, classes: number): number[][] {
  const groups: number[][] = [];
  let last = -1;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label < 0 || label >= classes) continue;
    if (label !== last) groups.push([]);
    groups[groups.length - 1].push(i);
    last = label;
  }
  return groups;
}

/** `count` of the items in their order, all subsets equally likely (selection sampling). */
function draw<T>(items: readonly T[], count: number, random: RandomStream | undefined): T[] {
  if (!random) throw new Error('sampling pixels needs a random stream');
  let wanted = count;
  return items.filter((_, i) => {
    const take = random.uniform() * (items.length - i) < wanted;
    if (take) wanted--;
    return take;
  });
}
