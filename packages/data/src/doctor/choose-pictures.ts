import type { Subset } from '../layouts/listing.ts';
import { isUnequal } from './checks/sizes.ts';
import { soundMasks } from './checks/values.ts';
import { classOf, type DatasetFacts, type EntryFacts } from './facts.ts';

/** Share of an image from which on a class in it can be seen. */
const VISIBLE = 1 / 200;

/** Share of the pictures that faults may take. */
const FAULTS = 1 / 4;

/**
 * Some images of a subset for people to look at: a few with faults that can be seen, if there are any; then those that together show the most classes, unseen ones before
 * others, large enough to be seen where possible; then others from all over the list. The same for the same dataset.
 */
export function choosePictures(facts: DatasetFacts, subset: Subset, count: number): EntryFacts[] {
  const candidates = facts[subset].entries.filter(({ image, mask }) => image && mask);
  const sound = new Set(soundMasks(facts));
  const { seen, unseen } = facts.split;
  const isFaulty = (entry: EntryFacts) =>
    !sound.has(entry) ||
    isUnequal(entry) ||
    entry.mask!.values.some(([value]) => !facts.stored.has(value) && !facts.ignore.has(value));
  const chosen = new Set(candidates.filter(isFaulty).slice(0, Math.ceil(FAULTS * count)));
  for (const share of [VISIBLE, 0]) {
    const classes = new Map(candidates.map((entry) => [entry, classesIn(facts, entry, share)]));
    for (const group of [unseen, [...seen, ...unseen]]) {
      const wanted = new Set(group);
      for (const entry of chosen) for (const id of classesIn(facts, entry, 0)) wanted.delete(id);
      while (wanted.size > 0 && chosen.size < count) {
        const gain = (entry: EntryFacts) => classes.get(entry)!.filter((id) => wanted.has(id)).length;
        const best = candidates.reduce<EntryFacts | undefined>(
          (most, entry) => (gain(entry) > (most ? gain(most) : 0) ? entry : most),
          undefined,
        );
        if (!best) break;
        chosen.add(best);
        for (const id of classes.get(best)!) wanted.delete(id);
      }
    }
  }
  const rest = candidates.filter((entry) => !chosen.has(entry));
  const more = Math.min(count - chosen.size, rest.length);
  for (let i = 0; i < more; i++) chosen.add(rest[Math.floor(((i + 0.5) * rest.length) / more)]);
  return candidates.filter((entry) => chosen.has(entry));
}

function classesIn(facts: DatasetFacts, { mask }: EntryFacts, share: number): number[] {
  const area = mask!.height * mask!.width;
  return mask!.values.flatMap(([value, pixels]) => (pixels > share * area ? (classOf(facts, value) ?? []) : []));
}
