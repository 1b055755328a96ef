import { UserError } from '@unseen/core';
import { lookUpRows } from './look-up-rows.ts';
import { lookUpTokens } from './look-up-tokens.ts';
import type { SourceColumn, TableClass, VectorSource } from './vector-source.ts';

/** Looks all classes up in one source. */
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
      given: `the source '${source.name}' combines '${unused[0]}' with 'rows: ${rows}'`,
      expected: `'${unused[0]}' with ${rows === 'tokens' ? "'rows: names' or 'rows: ids'" : "'rows: tokens'"} only`,
    });
  }
  return rows === 'tokens' ? lookUpTokens(source, classes) : lookUpRows(source, classes, rows);
}
