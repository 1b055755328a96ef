import { UserError } from '@unseen/core';
import { lookUpRows } from './look-up-rows.ts';
import { lookUpTokens } from './look-up-tokens.ts';
import type { ComposedVector } from './multi-word.ts';
import type { TableClass, VectorSource } from './vector-source.ts';

/** What one source has for the classes of a table. */
export interface SourceColumn {
  /** Parallel to the classes; `undefined` where the source has nothing. */
  readonly rows: readonly (ComposedVector | undefined)[];
  /** What the source lacks, one line each, with near matches. */
  readonly missing: readonly string[];
}

/** The vectors of all classes in one source. */
export async function lookUpClasses(source: VectorSource, classes: readonly TableClass[]): Promise<SourceColumn> {
  const { rows = 'tokens', subwords, multiWord } = source;
  const { names, array } = 'path' in source ? source : {};
  const [isOfTokens, isOfTables] = [
    { subwords, multiWord },
    { names, array },
  ];
  const unused = Object.entries(rows === 'tokens' ? isOfTables : isOfTokens).find(([, value]) => value);
  if (unused) {
    throw new UserError({
      given: `the source '${source.name}' has '${unused[0]}' and finds its rows by ${rows}`,
      expected: `this setting with ${rows === 'tokens' ? "'rows: names' and 'rows: ids'" : "'rows: tokens'"} only`,
    });
  }
  return rows === 'tokens' ? lookUpTokens(source, classes) : lookUpRows(source, classes, rows);
}
