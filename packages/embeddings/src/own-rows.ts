import { type ClassInfo, UserError } from '@unseen/core';
import type { ClassTable } from './class-table.ts';

/**
 * A table of other classes has rows for the ids of a dataset too, and everything would train. It is a {@link UserError}
 * where the row of a class has another name while the name of the class stands in another row. Names that the table
 * does not know prove nothing: datasets spell them in their own ways.
 */
export function requireOwnRows(
  { name: table, names, ids }: Pick<ClassTable, 'name' | 'names' | 'ids'>,
  classes: readonly Pick<ClassInfo, 'id' | 'name' | 'wordRow'>[],
): void {
  const nameOf = new Map(ids.map((id, i) => [id, names[i]]));
  const astray = classes.flatMap(({ id, name, wordRow = id }) => {
    const right = ids.filter((_, i) => spelled(names[i]) === spelled(name));
    const found = nameOf.get(wordRow);
    if (found === undefined || right.length === 0 || right.includes(wordRow)) return [];
    return [`'${name}' would get that of '${found}' (row ${wordRow} instead of ${right[0]})`];
  });
  if (astray.length === 0) return;
  const more = astray.length > 3 ? [`and ${astray.length - 3} more`] : [];
  throw new UserError({
    given: `class table '${table}' has its vectors in the order of other classes: ${[...astray.slice(0, 3), ...more].join('; ')}`,
    expected: 'a table of the classes of the dataset',
    remedy: "build one for this dataset, or name the rows of its classes as 'wordRow' in its YAML",
  });
}

const spelled = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, ' ');
