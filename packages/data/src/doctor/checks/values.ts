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
  return new Set(soundMasks(facts).flatMap(({ mask }) => mask!.values.map(([value]) => value)));
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
  const listed = some(values.map((value) => `${value} (${counted(pixels.get(value)!, 'pixel')})`));
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
  if (values.length === 1 && values[0] === most + 1 && contiguous && valuesOf(facts).has(least)) {
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
    fix: "fix the masks, or add the values to 'classes' or 'ignore' in the dataset's YAML",
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

/**
 * The only class of the masks, where 255 is their only other value and the dataset has more classes: 255 is meant for one of
 * these then, as in masks of 0 and 255.
 */
export function onlyClassBeside255(facts: DatasetFacts): number | undefined {
  const { split, ignore, declaredIgnore } = facts;
  const values = valuesOf(facts);
  const labelled = [...values].filter((value) => value !== IGNORE);
  const [only, ...more] = labelled;
  const isPattern = values.has(IGNORE) && ignore.has(IGNORE) && only !== undefined && more.length === 0;
  const isClass = isPattern && classOf(facts, only) !== undefined;
  return isClass && !declaredIgnore?.has(IGNORE) && split.seen.length + split.unseen.length > 1 ? only : undefined;
}

function classAsIgnore(facts: DatasetFacts): Finding[] {
  const only = onlyClassBeside255(facts);
  if (only === undefined) return [];
  const nameOf = (id: number | undefined) => facts.classes.find((info) => info.id === id)?.name ?? String(id);
  const id = classOf(facts, only);
  const others = [...facts.split.seen, ...facts.split.unseen].filter((other) => other !== id).map(nameOf);
  const masks = soundMasks(facts).filter(({ mask }) => mask!.values.some(([value]) => value === IGNORE));
  const other = others.length === 1 ? others[0] : 'CLASS';
  return findingOf(masks.map(pathOf), {
    check: 'class-as-ignore',
    severity: 'error',
    found: `every labelled pixel is ${nameOf(id)} (${only}), and 255 is the only other value of the masks`,
    why: `255 means "unlabelled", so that ${some(others)} would be neither trained nor scored, and a model that knows ${nameOf(id)} alone would be perfect`,
    fix: `say what 255 is in the dataset's YAML: 'map: {${only}: ${nameOf(id)}, 255: ${other}}'; if it does mean "unlabelled", 'ignore: [255]'`,
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
  const empty = soundMasks(facts).filter(({ mask }) => mask!.values.every(([value]) => ignore.has(value)));
  return findingOf(empty.map(pathOf), {
    check: 'unlabelled-mask',
    severity: 'warning',
    found: `${counted(empty.length, 'mask')} ${empty.length === 1 ? 'is' : 'are'} entirely unlabelled`,
    why: 'they take time but contribute nothing to a loss or figure',
    fix: 'remove them from the list, or label them',
  });
}
