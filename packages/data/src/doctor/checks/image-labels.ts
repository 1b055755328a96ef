import { allEntries, classOf, type DatasetFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';
import { shiftOf, soundMasks } from './values.ts';

/** Image labels that disagree with the masks. */
export function checkImageLabels(facts: DatasetFacts): Finding[] {
  const { classes } = facts;
  const unreadable = allEntries(facts).flatMap(({ labelsProblem }) => labelsProblem ?? []);
  const problems = findingOf([...new Set(unreadable)], {
    check: 'image-labels-unreadable',
    severity: 'error',
    found: `the image labels of ${counted(unreadable.length, 'image')} cannot be read`,
    why: 'methods with image labels cannot use them',
    fix: 'fix the annotation',
  });
  if (shiftOf(facts) !== undefined) return problems;
  // Objects without an outline are told by another check.
  const labelled = soundMasks(facts).filter(
    ({ id, subset, imageLabels }) => imageLabels && !facts[subset].annotation?.incomplete.has(id),
  );
  // Image labels name objects only: the background has none.
  const inLabels = new Set(labelled.flatMap(({ imageLabels }) => imageLabels!));
  const name = new Map(classes.map((info) => [info.id, info.name]));
  const differing = labelled.flatMap(({ id, mask, imageLabels }) => {
    const inMask = new Set(mask!.values.flatMap(([value]) => classOf(facts, value) ?? []));
    const without = imageLabels!.filter((label) => !inMask.has(label));
    const unnamed = [...inMask].filter((v) => inLabels.has(v) && !imageLabels!.includes(v));
    if (without.length + unnamed.length === 0) return [];
    const list = (of: readonly number[]) => of.map((v) => name.get(v)).join(', ');
    const parts = [
      ...(without.length > 0 ? [`labelled ${list(without)} without a pixel`] : []),
      ...(unnamed.length > 0 ? [`pixels of ${list(unnamed)} without a label`] : []),
    ];
    return [`${id}: ${parts.join('; ')}`];
  });
  const share = differing.length / labelled.length;
  return [
    ...problems,
    ...findingOf(differing, {
      check: 'image-labels-disagree',
      severity: share > USUAL_DISAGREEMENT ? 'warning' : 'note',
      found: `image labels and masks of ${counted(differing.length, 'image')} of ${labelled.length.toLocaleString('en')} disagree (${(100 * share).toFixed(1)} %)`,
      why: 'methods that learn from image labels are scored on the masks',
      fix: 'look at the images; if the masks are right, take the labels from them (imageLabels: masks). A few are usual: boxes include objects too small to be drawn',
    }),
  ];
}

/** Usual share of images with objects that are labelled but not drawn, or the reverse. */
const USUAL_DISAGREEMENT = 0.05;
