import { idOfPath } from '../../layouts/id-list.ts';
import type { DatasetFacts, EntryFacts, SubsetFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';
import { stemsOf } from '../stems.ts';

/** Problems of the lists of images: unreadable, empty, repeated or stale lines, images in both subsets. */
export function checkLists(facts: DatasetFacts): Finding[] {
  const subsets = [facts.train, facts.val];
  return [
    ...subsets.flatMap((subset) => unreadableList(subset, facts)),
    ...subsets.flatMap(emptyList),
    ...subsets.flatMap(repeatedLine),
    ...subsets.flatMap((subset) => staleLine(subset, facts)),
    ...inBothSubsets(facts),
  ];
}

function unreadableList({ subset, problem, problemFix }: SubsetFacts, facts: DatasetFacts): Finding[] {
  if (problem === undefined) return [];
  return [
    {
      ...{ check: 'list-unreadable', severity: 'error', count: 1, examples: [] },
      found: `cannot list the images of ${subset}: ${problem}`,
      why: 'without a list there is no subset',
      fix: problemFix ?? `${placeIt(facts) ?? "correct the path in the dataset's YAML"}, or write the list`,
    },
  ];
}

/** What to do if all files of a dataset are missing; `undefined` if their place is unknown. */
export function placeIt({ prepared, inDataFolder }: DatasetFacts): string | undefined {
  if (prepared === undefined && !inDataFolder) return undefined;
  const made =
    prepared === undefined
      ? ''
      : `build the dataset from its official archives with 'unseen dataset prepare ${prepared} --from DIR', or `;
  return `${made}name its folder with --root${inDataFolder ? ', or the data folder with the variable UNSEEN_DATA' : ''}`;
}

function emptyList({ subset, list, entries, problem }: SubsetFacts): Finding[] {
  return findingOf(entries.length === 0 && problem === undefined ? [list ?? subset] : [], {
    check: 'empty-list',
    severity: 'error',
    found: `the subset ${subset} is empty`,
    why: subset === 'train' ? 'there is nothing to train on' : 'there is nothing to score',
    fix: 'write one image id per line into the list',
  });
}

function repeatedLine({ entries, list, subset }: SubsetFacts): Finding[] {
  const first = new Map<string, EntryFacts>();
  const repeated = entries.flatMap((entry) => {
    const earlier = first.get(entry.id);
    if (!earlier) first.set(entry.id, entry);
    return earlier ? [`${entry.id} (${placesOf(earlier, entry)})`] : [];
  });
  return findingOf(repeated, {
    check: 'repeated-line',
    severity: 'error',
    found: `${counted(repeated.length, 'line')} in the list of ${subset} ${repeated.length === 1 ? 'repeats' : 'repeat'} an earlier one`,
    why: 'repeated images would count twice, so such lists are refused',
    fix: `keep one of each in ${list}`,
  });
}

function placesOf(earlier: EntryFacts, later: EntryFacts): string {
  return later.line === undefined ? 'twice' : `lines ${earlier.line} and ${later.line}`;
}

/** Lines without files because they were written for another place: absolute paths, suffixes, two columns. */
export function isStale({ id, imagePath, maskPath }: EntryFacts): boolean {
  const written = /^(\/|[a-z]:[\\/])|\\|\.(jpe?g|jfif|png|webp|tiff?|gif|avif|bmp|mat|npy)$/i.test(id);
  return written && imagePath === undefined && maskPath === undefined;
}

function staleLine({ entries, list, subset }: SubsetFacts, { imageFiles, train, val }: DatasetFacts): Finding[] {
  const stale = entries.filter(isStale);
  if (stale.length === 0) return [];
  const folder = (subset === 'train' ? train : val).imageFolder;
  const known = stemsOf(imageFiles ?? [], folder ?? '');
  const matches = (components: number) => stale.filter(({ id }) => known.has(idOfPath(id, components))).length;
  const best = [1, 2, 3].reduce((a, b) => (matches(b) > matches(a) ? b : a));
  const helped = stale.filter(({ id }) => known.has(idOfPath(id, best)));
  const setting = `lists: {entries: paths${best === 1 ? '' : `, components: ${best}`}}`;
  const suggestion = (sample: string) =>
    `add '${setting}' to the dataset's YAML, which turns '${sample}' into '${idOfPath(sample, best)}': ${helped.length.toLocaleString('en')} of the ${stale.length.toLocaleString('en')} then have an image; or `;
  return findingOf(
    stale.map(({ id, line }) => (line === undefined ? id : `line ${line}: ${id}`)),
    {
      check: 'stale-path',
      severity: 'error',
      found: `${counted(stale.length, 'line')} in the list of ${subset} ${stale.length === 1 ? 'is a path' : 'are paths'} from another machine or ${stale.length === 1 ? 'has' : 'have'} a suffix, and no file matches`,
      why: 'lists hold image ids, to which folder and suffix are added; authors often publish lists of their own paths',
      fix: `${helped.length > 0 ? suggestion(helped[0].id) : ''}rewrite ${list} with one id per line, without folder and suffix`,
    },
  );
}

function inBothSubsets({ train, val }: DatasetFacts): Finding[] {
  const both = idsInBoth(train.entries, val.entries);
  return findingOf(both, {
    check: 'image-in-both-subsets',
    severity: 'error',
    found: `${counted(both.length, 'image')} ${both.length === 1 ? 'is' : 'are'} in both subsets`,
    why: 'figures on images seen in training say nothing about new images',
    fix: 'remove them from one of the lists',
  });
}

/** Ids in both subsets, once each. */
export function idsInBoth(
  train: readonly { readonly id: string }[],
  val: readonly { readonly id: string }[],
): readonly string[] {
  const trained = new Set(train.map(({ id }) => id));
  return [...new Set(val.map(({ id }) => id))].filter((id) => trained.has(id));
}
