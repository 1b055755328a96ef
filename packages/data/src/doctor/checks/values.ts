import { IGNORE } from '@unseen/core';
import { allEntries, classOf, type DatasetFacts, type EntryFacts } from '../facts.ts';
import { counted, type Finding, findingOf, some } from '../finding.ts';
import { isResampled, pathOf } from './mask-files.ts';

/** Mask values without a meaning, or with another one than in the class table. */
export function checkValues(facts: DatasetFacts): Finding[] {
  return [
    ...unknownValues(facts),
    ...classAsIgnore(facts),
    ...namedUnlabelled(facts),
    ...ignoreAsClass(facts),
    ...unlabelledMasks(facts),
  ];
}

/** Masks with one class id per pixel, as they should be. */
export function soundMasks(facts: DatasetFacts): EntryFacts[] {
  return allEntries(facts).filter(
    ({ mask }) => mask && !mask.colors && mask.kind !== 'jpeg' && !isResampled(mask.edges),
  );
}

/** Values of all sound masks. */
function valuesOf(facts: DatasetFacts): Set<number> {
  return valuesIn(soundMasks(facts));
}

function valuesIn(masks: readonly EntryFacts[]): Set<number> {
  return new Set(masks.flatMap(({ mask }) => mask!.values.map(([value]) => value)));
}

/**
 * The offset of the masks' ids, where one explains every value: +1 when the masks count from one more than
 * the table (COCO-Stuff's official ids begin at 1, the tables of SPNet and CaGNet at 0), −1 for the reverse.
 */
export function shiftOf(facts: DatasetFacts): 1 | -1 | undefined {
  const { stored, ignore } = facts;
  const ids = [...stored.keys()];
  const known = new Set(ids);
  const values = [...valuesOf(facts)].filter((value) => value !== IGNORE && value !== 0xffff);
  const labelled = values.filter((value) => !ignore.has(value));
  if (labelled.every((value) => known.has(value))) return undefined;
  const explains = (shift: 1 | -1, never: number) =>
    !values.includes(never) && labelled.length > 1 && labelled.every((value) => known.has(value - shift));
  if (explains(1, Math.min(...ids))) return 1;
  return explains(-1, Math.max(...ids)) ? -1 : undefined;
}

function unknownValues(facts: DatasetFacts): Finding[] {
  const { stored, ignore } = facts;
  const ids = [...stored.keys()];
  const known = new Set([...ids, ...ignore]);
  const pixels = new Map<number, number>();
  const masks: EntryFacts[] = [];
  for (const entry of soundMasks(facts)) {
    const strange = entry.mask!.values.filter(([value]) => !known.has(value));
    if (strange.length > 0) masks.push(entry);
    for (const [value, count] of strange) pixels.set(value, (pixels.get(value) ?? 0) + count);
  }
  const [least, most] = [Math.min(...ids), Math.max(...ids)];
  const values = [...pixels.keys()].sort((a, b) => a - b);
  const categoryOf = (value: number) =>
    facts.train.annotation?.categories.get(value) ?? facts.val.annotation?.categories.get(value);
  const isCategory = values.some((value) => categoryOf(value) !== undefined);
  const listed = some(
    values.map((value) => {
      const category = categoryOf(value);
      return `${value} (${category === undefined ? '' : `${category}, `}${counted(pixels.get(value)!, 'pixel')})`;
    }),
  );
  const examples = masks.map((entry) => `${pathOf(entry)}: ${some(strangersOf(entry, known), 4)}`);
  const shift = shiftOf(facts);
  if (shift !== undefined) {
    return findingOf(examples, {
      check: 'shifted-ids',
      severity: 'error',
      found: `all ids in the masks are ${shift === 1 ? 'one more' : 'one less'} than in the class table: ${shift === 1 ? least : most} never occurs, but ${listed} does`,
      why: 'every class would be trained under the name and word vector of its neighbour',
      fix: `${shift === 1 ? 'subtract 1 from' : 'add 1 to'} every value except the unlabelled ones; official COCO-Stuff ids begin at 1, the tables of SPNet and CaGNet at 0`,
    });
  }
  const contiguous = ids.length === most - least + 1 && least <= 1;
  if (!isCategory && values.length === 1 && values[0] === most + 1 && contiguous && valuesOf(facts).has(least)) {
    return findingOf(examples, {
      check: 'class-count-value',
      severity: 'error',
      found: `${counted(masks.length, 'mask')} ${masks.length === 1 ? 'has' : 'have'} the value ${values[0]} (${counted(pixels.get(values[0])!, 'pixel')}), one more than the last class`,
      why: 'many tools write the number of classes for "unlabelled"; here it is an unknown value, so the masks are refused',
      fix: `add 'ignore: [${values[0]}]' to the dataset's YAML if it means "unlabelled"; if the ids start at 1 in the masks but at 0 in the table, subtract 1`,
    });
  }
  return findingOf(examples, {
    check: 'unknown-value',
    severity: 'error',
    found: `${counted(values.length, 'value')} in ${counted(masks.length, 'mask')} ${values.length === 1 ? 'belongs' : 'belong'} to no class: ${listed}`,
    why: 'masks with unknown values are refused, because the class table may be wrong',
    fix: `${isCategory ? '' : 'fix the masks, or '}add the values to 'classes' or 'ignore' in the dataset's YAML, or say with 'map' of which classes they are`,
  });
}

function strangersOf({ mask }: EntryFacts, known: ReadonlySet<number>): string[] {
  return mask!.values.flatMap(([value]) => (known.has(value) ? [] : [`value ${value}`]));
}

const UNLABELLED = /^(void|ignored?|unlabel(l?ed)?|undefined|don.?t.?care)$/i;

function namedUnlabelled({ classes, split }: DatasetFacts): Finding[] {
  const used = new Set([...split.seen, ...split.unseen]);
  const named = classes.filter(({ id, name }) => used.has(id) && UNLABELLED.test(name));
  return findingOf(
    named.map(({ id, name }) => `${name} (${id})`),
    {
      check: 'unlabelled-as-class',
      severity: 'warning',
      found: `${counted(named.length, 'class', 'classes')} of split ${split.name} ${named.length === 1 ? 'is' : 'are'} named like unlabelled pixels`,
      why: 'it would be trained and scored like any other class',
      fix: "remove it from 'classes' and the split, and add its value to 'ignore'",
    },
  );
}

/** A value that is read as "unlabelled" and seems to stand for a class. */
export interface HiddenClass {
  /** 255 or 65535. */
  readonly value: number;
  /** The only class value beside it, if there is one. */
  readonly only: number | undefined;
  /** Masks with the value. */
  readonly masks: readonly EntryFacts[];
}

/**
 * The value 255 (or 65535) where it is meant for a class: the masks of the subsets in which it occurs have one more class at
 * most, though the split has others, as with masks of 0 and 255.
 */
export function hiddenClass(facts: DatasetFacts): HiddenClass | undefined {
  const { split, ignore, declaredIgnore } = facts;
  const sound = soundMasks(facts);
  for (const value of [IGNORE, 0xffff]) {
    if (!ignore.has(value) || declaredIgnore?.has(value)) continue;
    const masks = sound.filter(({ mask }) => mask!.values.some(([other]) => other === value));
    const subsets = new Set(masks.map(({ subset }) => subset));
    const beside = valuesIn(sound.filter(({ subset }) => subsets.has(subset)));
    beside.delete(value);
    const [only, ...more] = [...beside].filter((other) => !ignore.has(other));
    if (beside.size === 0 || more.length > 0) continue;
    const lacking = split.seen.length + split.unseen.length - (only === undefined ? 0 : 1);
    const isKnown = only === undefined || classOf(facts, only) !== undefined;
    if (masks.length > 0 && isKnown && lacking > 0) return { value, only, masks };
  }
  return undefined;
}

function classAsIgnore(facts: DatasetFacts): Finding[] {
  const hidden = hiddenClass(facts);
  if (!hidden) return [];
  const { value, only, masks } = hidden;
  const nameOf = (id: number | undefined) => facts.classes.find((info) => info.id === id)?.name ?? String(id);
  const className = (stored: number) => nameOf(classOf(facts, stored));
  const id = only === undefined ? undefined : classOf(facts, only);
  const others = [...facts.split.seen, ...facts.split.unseen].filter((other) => other !== id).map(nameOf);
  const [subset, ...moreSubsets] = new Set(masks.map((entry) => entry.subset));
  const isOneSubset = moreSubsets.length === 0;
  const place = isOneSubset ? ` of ${subset}` : '';
  const lost = isOneSubset
    ? subset === 'train'
      ? 'not be trained'
      : 'not be scored'
    : 'be neither trained nor scored';
  // All other values must be in the map, those of the other subset too.
  const known = [...valuesOf(facts)].filter((other) => classOf(facts, other) !== undefined && !facts.ignore.has(other));
  const map = [
    ...known.sort((a, b) => a - b).map((stored) => `${stored}: ${className(stored)}`),
    `${value}: ${others.length === 1 ? others[0] : 'CLASS'}`,
  ];
  return findingOf(masks.map(pathOf), {
    check: 'class-as-ignore',
    severity: 'error',
    found:
      only === undefined
        ? `no pixel${place} is labelled: ${value} is the only value of the masks beside those of 'ignore'`
        : `every labelled pixel${place} is ${className(only)} (${only}), and ${value} is the only other value of the masks`,
    why: `${value} means "unlabelled", so that ${some(others)} would ${lost}${only === undefined ? '' : `, and a model that knows ${className(only)} alone would be perfect`}`,
    fix: `say what ${value} is in the dataset's YAML: 'map: {${map.join(', ')}}'; if it does mean "unlabelled", 'ignore: [${[...(facts.declaredIgnore ?? []), value].join(', ')}]'`,
  });
}

/** 255 is a class in tables of more than 8 bits, but 8-bit masks use it for unlabelled pixels. */
function ignoreAsClass(facts: DatasetFacts): Finding[] {
  const info = facts.classes.find(({ id }) => id === IGNORE);
  const masks = soundMasks(facts).filter(
    ({ mask }) => info && mask!.kind !== 'ids' && mask!.values.some(([value]) => value === IGNORE),
  );
  const small = masks.filter(({ mask }) => mask!.values.every(([value]) => value <= IGNORE));
  return findingOf(small.map(pathOf), {
    check: 'ignore-as-class',
    severity: 'warning',
    found: `class '${info?.name}' has the id 255, and ${counted(small.length, 'mask')} of 8-bit values ${small.length === 1 ? 'has' : 'have'} pixels of it`,
    why: 'in 8-bit masks 255 is read as "unlabelled", and only in 16-bit ones as that class',
    fix: 'if these pixels are unlabelled, nothing; if they are of that class, save these masks with 16 bits',
  });
}

function unlabelledMasks(facts: DatasetFacts): Finding[] {
  const { ignore } = facts;
  const hidden = hiddenClass(facts);
  if (hidden && hidden.only === undefined) return [];
  const empty = soundMasks(facts).filter(({ mask }) => mask!.values.every(([value]) => ignore.has(value)));
  return findingOf(empty.map(pathOf), {
    check: 'unlabelled-mask',
    severity: 'warning',
    found: `${counted(empty.length, 'mask')} ${empty.length === 1 ? 'is' : 'are'} entirely unlabelled`,
    why: 'they take time but contribute nothing to a loss or figure',
    fix: 'remove them from the list, or label them',
  });
}
