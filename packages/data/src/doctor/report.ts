import type { ClassSupport, Support } from '../class-support.ts';
import { addMask } from '../class-support.ts';
import type { Subset } from '../layouts/listing.ts';
import { soundMasks } from './checks/values.ts';
import { classOf, type DatasetFacts, type ExaminedSplit } from './facts.ts';
import type { Finding } from './finding.ts';

/** A raw value of the masks, with its pixels and the masks that it is in. */
export interface ValueRow {
  readonly value: number;
  readonly meaning: 'class' | 'unlabelled' | 'no class';
  /** Name of its class, with the group in the split and the colour. */
  readonly name?: string;
  readonly group?: ClassSupport['group'];
  readonly color?: readonly [number, number, number];
  readonly train: Support;
  readonly val: Support;
}

/** What was looked at of a subset. */
export interface ExaminedSubset {
  readonly list?: string;
  readonly images: number;
  /** Masks with one class id per pixel; the histogram is theirs. */
  readonly masks: number;
}

/** What the doctor reports about a dataset. */
export interface DoctorReport {
  readonly dataset: string;
  readonly split: ExaminedSplit;
  /** Only the headers of image files were read. */
  readonly quick: boolean;
  readonly subsets: Readonly<Record<Subset, ExaminedSubset>>;
  /** Errors first, then warnings, then notes. */
  readonly findings: readonly Finding[];
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  /** Every raw value that occurs, and every value that means a class. */
  readonly values: readonly ValueRow[];
  /** Support of each class by its group in the split. */
  readonly classes: readonly ClassSupport[];
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

/** Sorts and counts the findings. */
export function reportOf(
  facts: DatasetFacts,
  support: readonly ClassSupport[],
  findings: readonly Finding[],
  { quick }: { readonly quick: boolean },
): DoctorReport {
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return {
    dataset: facts.name,
    split: facts.split,
    quick,
    subsets: { train: examined(facts, 'train'), val: examined(facts, 'val') },
    findings: findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]),
    errors: count('error'),
    warnings: count('warning'),
    notes: count('note'),
    values: histogram(facts, support),
    classes: support,
  };
}

function examined(facts: DatasetFacts, subset: Subset): ExaminedSubset {
  const { list, entries } = facts[subset];
  const masks = soundMasks(facts).filter((entry) => entry.subset === subset).length;
  return { ...(list !== undefined && { list }), images: entries.length, masks };
}

function histogram(facts: DatasetFacts, support: readonly ClassSupport[]): ValueRow[] {
  const counts = { train: new Map<number, Support>(), val: new Map<number, Support>() };
  for (const { subset, mask } of soundMasks(facts)) addMask(counts[subset], mask!.values);
  const classes = new Map(facts.classes.map((info) => [info.id, info]));
  const groups = new Map(support.map(({ id, group }) => [id, group]));
  const values = new Set([...facts.stored.keys(), ...counts.train.keys(), ...counts.val.keys()]);
  const none = { pixels: 0, images: 0 };
  return [...values]
    .sort((a, b) => a - b)
    .map((value) => {
      const id = classOf(facts, value);
      const info = id === undefined ? undefined : classes.get(id);
      const meaning = info ? 'class' : facts.ignore.has(value) ? 'unlabelled' : 'no class';
      return {
        value,
        meaning,
        ...(info && { name: info.name, group: groups.get(info.id)!, color: info.color }),
        train: counts.train.get(value) ?? none,
        val: counts.val.get(value) ?? none,
      };
    });
}
