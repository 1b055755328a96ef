import { UserError, type ZeroShotSplit } from '@unseen/core';
import type { ClassTable } from './class-table.ts';
import {
  findWarnings,
  type InspectedClass,
  type Neighbour,
  type TablePart,
  type TableWarning,
} from './inspect-warnings.ts';
import { centred, cosines, norm } from './similarity.ts';

/** Result of {@link inspectClassTable}. */
export interface TableInspection {
  readonly classes: readonly InspectedClass[];
  readonly parts: readonly TablePart[];
  /** Smallest, mean and largest norm of the vectors. */
  readonly norms: readonly [number, number, number];
  readonly warnings: readonly TableWarning[];
  /** Cosines of all pairs of classes, [classes, classes]. */
  readonly cosines: Float64Array;
}

/** Options of {@link inspectClassTable}. */
export interface InspectOptions {
  /** Ids of the table. Classes outside the split are skipped; the others are listed in its order, seen ones first. */
  readonly split?: ZeroShotSplit;
  /** Number of nearest classes to list. */
  readonly neighbours?: number;
}

/** Maximum number of classes for which all pairs are compared. */
export const MAX_INSPECTED = 3000;

/** Inspects a class table before anything is trained on it: norms, parts, nearest classes, and anything suspicious. */
export function inspectClassTable(table: ClassTable, { split, neighbours = 3 }: InspectOptions = {}): TableInspection {
  const rows = split ? rowsOf(table, split) : table.ids.map((_, i) => i);
  if (rows.length > MAX_INSPECTED) {
    throw new UserError({
      given: `an inspection of ${rows.length} classes`,
      expected: `at most ${MAX_INSPECTED}`,
      remedy: 'inspect the classes of a split',
    });
  }
  const vectors = rows.map((row) => table.vectors[row]);
  const all = cosines(vectors);
  const allCentred = cosines(centred(vectors));
  const ranges = partsOf(table);
  const shares = vectors.map((vector) => ranges.map(({ start, end }) => share(vector, start, end)));
  const groupOf = (i: number) => (split ? (i < split.seen.length ? 'seen' : 'unseen') : undefined);
  const neighbour = (i: number, j: number): Neighbour => ({
    name: table.names[rows[j]],
    cosine: all[i * rows.length + j],
    centredCosine: allCentred[i * rows.length + j],
  });
  const ranked = (i: number) =>
    rows
      .map((_, j) => j)
      .filter((j) => j !== i)
      .sort((a, b) => all[i * rows.length + b] - all[i * rows.length + a]);
  const classes = rows.map((row, i): InspectedClass => {
    const order = ranked(i);
    const group = groupOf(i);
    const seen = order.find((j) => groupOf(j) === 'seen');
    return {
      id: table.ids[row],
      name: table.names[row],
      ...(group && { group }),
      norm: norm(vectors[i]),
      shares: shares[i],
      nearest: order.slice(0, neighbours).map((j) => neighbour(i, j)),
      ...(seen !== undefined && { nearestSeen: neighbour(i, seen) }),
    };
  });
  const parts = ranges.map((range, part): TablePart => {
    const norms = vectors.map((vector) => norm(vector.subarray(range.start, range.end)));
    return { ...range, norms: extent(norms), shares: extent(shares.map((one) => one[part])) };
  });
  return {
    classes,
    parts,
    norms: extent(classes.map((one) => one.norm)),
    warnings: findWarnings(classes, parts, vectors, all, allCentred),
    cosines: all,
  };
}

function rowsOf(table: ClassTable, { seen, unseen }: ZeroShotSplit): number[] {
  const ids = [...seen, ...unseen];
  const missing = ids.filter((id) => !table.ids.includes(id));
  if (missing.length === 0) return ids.map((id) => table.ids.indexOf(id));
  throw new UserError({
    given: `the class table '${table.name}' has no rows for the classes ${missing.join(', ')}`,
    expected: 'a row for every seen and unseen class of the split',
  });
}

/** Ranges of the parts of the vectors; empty if the table is too old to record them. */
function partsOf({ provenance, dimension }: ClassTable): { source: string; start: number; end: number }[] {
  let start = 0;
  const parts = (provenance[0] ?? []).map(({ source, dimension: own }, _, all) => {
    const length = own ?? (all.length === 1 ? dimension : Number.NaN);
    start += length;
    return { source, start: start - length, end: start };
  });
  return start === dimension ? parts : [];
}

function share(vector: Float32Array, start: number, end: number): number {
  const whole = norm(vector);
  return whole > 0 ? (norm(vector.subarray(start, end)) / whole) ** 2 : 0;
}

function extent(numbers: readonly number[]): [number, number, number] {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  return [Math.min(...numbers), mean, Math.max(...numbers)];
}
