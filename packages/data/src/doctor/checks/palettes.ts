import type { Palette } from '@unseen/formats';
import { allEntries, classOf, type DatasetFacts } from '../facts.ts';
import { counted, type Finding, findingOf, some } from '../finding.ts';
import { packColor } from '../mask-facts.ts';
import { pathOf } from './mask-files.ts';
import { shiftOf } from './values.ts';

/** Palettes of mask files that show a class in the colour of another one. */
export function checkPalettes(facts: DatasetFacts): Finding[] {
  const { classes, ownColors } = facts;
  if (!ownColors || shiftOf(facts) !== undefined) return [];
  const owner = new Map(classes.map(({ id, color }) => [packColor(color), id]));
  const name = new Map(classes.map((info) => [info.id, info.name]));
  const colorOf = new Map(classes.map(({ id, color }) => [id, packColor(color)]));
  const swapped = new Map<string, number>();
  const masks: string[] = [];
  for (const entry of allEntries(facts)) {
    const { palette, values } = entry.mask ?? {};
    if (!palette || !values) continue;
    const found = values.flatMap(([value]) => swap(palette, value) ?? []);
    if (found.length > 0) masks.push(pathOf(entry));
    for (const text of found) swapped.set(text, (swapped.get(text) ?? 0) + 1);
  }
  return findingOf(masks, {
    check: 'palette-permuted',
    severity: swapped.size > 1 ? 'error' : 'warning',
    found: `the palette of ${counted(masks.length, 'mask')} shows classes in the colours of others: ${some([...swapped.keys()], 4)}`,
    why: 'either the ids or the colours come from another table: classes may be trained under wrong names',
    fix: 'look at the contact sheet, where colours follow the ids; if the names are wrong, map the ids to those of the YAML, otherwise rewrite the palette',
  });

  function swap(palette: Palette, value: number): string | undefined {
    const expected = colorOf.get(classOf(facts, value) ?? Number.NaN);
    const drawn = palette[value];
    if (expected === undefined || !drawn || packColor(drawn) === expected) return undefined;
    const other = owner.get(packColor(drawn));
    return other === undefined
      ? undefined
      : `value ${value} (${name.get(classOf(facts, value)!)}) in that of ${name.get(other)}`;
  }
}
