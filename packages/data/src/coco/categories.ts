import { UserError } from '@unseen/core';
import type { DatasetFile } from '../dataset-file.ts';
import { classOfValue, maskValues } from '../mask.ts';
import { type AnnotationFacts, plainName } from './annotation-file.ts';

const MOST = 12;

/**
 * An error if a category with annotations has the id of a class and another name: its objects would silently be of the wrong
 * class. Datasets with a `map` say themselves what the ids are.
 */
export function requireClassNames({ path, categories, counts }: AnnotationFacts, file: DatasetFile): void {
  if (file.valueMap) return;
  const values = maskValues(file);
  const names = new Map(file.classes.map(({ id, name }) => [id, name]));
  const differing = [...categories].flatMap(([id, category]) => {
    const name = names.get(id);
    const used = (counts.get(id) ?? 0) > 0 && classOfValue(id, values) !== undefined;
    if (name === undefined || !used || plainName(name) === plainName(category)) return [];
    return [`${id} is '${category}' here and '${name}' there`];
  });
  if (differing.length === 0) return;
  throw new UserError({
    given: `${path} and the classes of ${file.path} contradict each other: ${some(differing)}`,
    expected: 'categories with the names of the classes of their ids',
    remedy:
      "if all annotation files have these categories, correct the ids of 'classes' or say which class each category is with 'map'; otherwise number the categories of this file, and its annotations, like those of the others",
  });
}

/** An error if a category id that both files have annotations of is of two names. */
export function requireSameCategories(train: AnnotationFacts, val: AnnotationFacts): void {
  const used = ({ counts }: AnnotationFacts, id: number) => (counts.get(id) ?? 0) > 0;
  const differing = [...train.categories].flatMap(([id, name]) => {
    const other = val.categories.get(id);
    if (other === undefined || plainName(other) === plainName(name) || !used(train, id) || !used(val, id)) return [];
    return [`${id} is '${name}' and '${other}'`];
  });
  if (differing.length === 0) return;
  throw new UserError({
    given: `the categories of ${train.path} and ${val.path} contradict each other: ${some(differing)}`,
    expected: 'one name for a category in both files',
    remedy: 'number the categories of one file like those of the other, and its annotations with them',
  });
}

/** An error about a category of an object that is neither a class nor ignored. */
export function strayCategory({ path, categories }: AnnotationFacts, id: number, image: string): UserError {
  const name = categories.get(id);
  return new UserError({
    given: `${path}, image '${image}': category ${id}${name === undefined ? '' : ` ('${name}')`} is no class of the dataset`,
    expected: "every category in 'classes', 'map' or 'ignore' of the dataset",
  });
}

function some(differing: readonly string[]): string {
  return `${differing.slice(0, MOST).join('; ')}${differing.length > MOST ? `; and ${differing.length - MOST} more` : ''}`;
}
