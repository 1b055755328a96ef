import { type ClassInfo, UserError } from '@unseen/core';
import type { ClassTable } from './class-table.ts';

/**
 * Rejects a class table that was built for other classes, which would otherwise train without complaint: a {@link
 * UserError} if the row of a class has a different name while the class's own name belongs to another row. Names that
 * the table does not have prove nothing, since datasets spell classes differently.
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
    return [`'${name}' would get the vector of '${found}' (row ${wordRow} instead of ${right[0]})`];
  });
  if (astray.length === 0) return;
  const more = astray.length > 3 ? [`and ${astray.length - 3} more`] : [];
  throw new UserError({
    given: `the vectors of class table '${table}' are in the order of different classes: ${[...astray.slice(0, 3), ...more].join('; ')}`,
    expected: 'a table of the classes of this dataset',
    remedy: "build one for this dataset, or set 'wordRow' for its classes in its YAML",
  });
}

const spelled = (name: string) =>
  name
    .normalize()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
