import { UserError } from '@unseen/core';
import { plainName } from '../../coco/annotation-file.ts';
import { requireSameCategories } from '../../coco/categories.ts';
import type { DatasetFacts, SubsetFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';

/** Problems of annotation files that hold the objects of all images: what no mask shows. */
export function checkAnnotations(facts: DatasetFacts): Finding[] {
  return [
    ...contradiction(facts),
    ...[facts.train, facts.val].flatMap((subset) => [
      ...withoutOutline(subset),
      ...brokenOutlines(subset),
      ...repeated(subset),
      ...strangers(subset, facts),
    ]),
  ];
}

function contradiction({ train, val }: DatasetFacts): Finding[] {
  if (!train.annotation || !val.annotation) return [];
  try {
    requireSameCategories(train.annotation, val.annotation);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [
      {
        ...{ check: 'categories-contradict', severity: 'error', count: 1, examples: [] },
        found: error.parts.given,
        why: 'the model would be scored on other classes than it has learned',
        fix: error.parts.remedy!,
      },
    ];
  }
}

/** Where there is no mask at all, that is told of the masks. */
function withoutOutline({ subset, annotation, entries }: SubsetFacts): Finding[] {
  if (entries.length > 0 && entries.every(({ maskPath }) => maskPath === undefined)) return [];
  const { count, examples } = annotation?.withoutOutline ?? { count: 0, examples: [] };
  const some = findingOf(examples, {
    check: 'annotation-without-outline',
    severity: 'warning',
    found: `${counted(count, 'annotation')} of ${subset} ${count === 1 ? 'has' : 'have'} no outline (a box at most, or polygons with fewer than three corners)`,
    why: 'nobody knows which pixels are of these objects: their boxes are unlabelled, and they are not among the objects',
    fix: 'outline them, or remove them from the annotation file if these pixels are to be background',
  });
  return some.map((finding) => ({ ...finding, count }));
}

function brokenOutlines({ subset, annotation }: SubsetFacts): Finding[] {
  const { count, examples } = annotation?.brokenOutlines ?? { count: 0, examples: [] };
  const some = findingOf(examples, {
    check: 'broken-outline',
    severity: 'warning',
    found: `${counted(count, 'annotation')} of ${subset} ${count === 1 ? 'has a polygon' : 'have polygons'} with fewer than three corners, or with half a corner`,
    why: 'such a polygon has no pixels and is left out; the other polygons of the annotation count',
    fix: 'remove these polygons or draw them again; often a click too many has left them',
  });
  return some.map((finding) => ({ ...finding, count }));
}

function repeated({ subset, annotation }: SubsetFacts): Finding[] {
  const { count, examples } = annotation?.repeated ?? { count: 0, examples: [] };
  const some = findingOf(examples, {
    check: 'repeated-annotation',
    severity: 'warning',
    found: `${counted(count, 'annotation')} of ${subset} ${count === 1 ? 'repeats an earlier one' : 'repeat earlier ones'} under another id`,
    why: 'the object counts twice',
    fix: 'remove one of the two',
  });
  return some.map((finding) => ({ ...finding, count }));
}

/** Categories that are no class, and those that have the id of a class by chance. */
function strangers({ subset, annotation }: SubsetFacts, { stored, ignore, classes, mapped }: DatasetFacts): Finding[] {
  if (!annotation) return [];
  const names = new Map(classes.map(({ id, name }) => [id, name]));
  const others = [...annotation.categories].flatMap(([id, category]) => {
    const classId = stored.get(id);
    const name = classId === undefined || ignore.has(id) ? undefined : names.get(classId);
    const count = counted(annotation.counts.get(id) ?? 0, 'annotation');
    if (name === undefined) return ignore.has(id) ? [] : [`${category} (${id}): ${count}`];
    return mapped || plainName(name) === plainName(category)
      ? []
      : [`${category} (${id}, where the dataset has ${name}): ${count}`];
  });
  return findingOf(others, {
    check: 'category-without-class',
    severity: 'note',
    found: `${counted(others.length, 'category', 'categories')} in the annotation file of ${subset} ${others.length === 1 ? 'is no class' : 'are no classes'} of the dataset`,
    why: 'objects of such a category have no class; without annotations it changes nothing',
    fix: "nothing if this is intended; otherwise add it to 'classes'",
  });
}
