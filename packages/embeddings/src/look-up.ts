import { UserError } from '@unseen/core';
import { lookUpRows } from './look-up-rows.ts';
import { lookUpTokens } from './look-up-tokens.ts';
import type { SourceColumn, TableClass, VectorSource } from './vector-source.ts';

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
