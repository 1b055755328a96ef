import type { DatasetFacts, EntryFacts, SubsetFacts } from '../facts.ts';
import { allEntries } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';
import { isStale, placeIt } from './lists.ts';

/** Files that are missing, damaged, or not listed. */
export function checkFiles(facts: DatasetFacts): Finding[] {
  const subsets = [facts.train, facts.val];
  return [
    ...subsets.flatMap((subset) => missing(subset, 'image', facts)),
    ...subsets.flatMap((subset) => missing(subset, 'mask', facts)),
    ...damaged(facts, 'image'),
    ...damaged(facts, 'mask'),
    ...unlisted(facts),
  ];
}

function missing({ subset, entries, ...folders }: SubsetFacts, kind: 'image' | 'mask', facts: DatasetFacts): Finding[] {
  const isMissing = ({ imagePath, maskPath }: EntryFacts) => (kind === 'image' ? imagePath : maskPath) === undefined;
  const without = entries.filter((entry) => isMissing(entry) && !isStale(entry));
  const folder = kind === 'image' ? folders.imageFolder : folders.maskFolder;
  const lossy = kind === 'mask' ? jpegsOf(without, folder, facts.maskFiles ?? []) : [];
  const all = without.length === entries.length;
  const allowed = kind === 'mask' && facts.optionalMasks === true && lossy.length === 0;
  const add = `add the ${kind}s (names, sub-folders and letter case must match), or remove the ids from the list`;
  const jpegs = counted(lossy.length, 'of these ids', 'of these ids');
  return findingOf(
    without.map(({ id }) => id),
    {
      check: `${kind}-missing`,
      severity: allowed ? (all && subset === 'val' ? 'warning' : 'note') : 'error',
      found: `${counted(without.length, 'image')} in the list of ${subset} ${without.length === 1 ? 'has' : 'have'} no ${kind}${kind === 'image' ? ' file' : ''} in ${folder}`,
      why: allowed
        ? `the dataset allows this (optionalMasks): ${subset === 'val' ? 'they are not scored' : 'they are used as unlabelled images, or with image labels'}`
        : 'a dataset with missing files cannot be opened',
      fix:
        lossy.length > 0
          ? `export the masks again as PNG: there are JPEG files for ${jpegs}, and JPEG does not preserve class ids`
          : allowed
            ? 'nothing if this is intended; otherwise add the masks'
            : ((all ? placeIt(facts) : undefined) ?? add),
    },
  );
}

function jpegsOf(entries: readonly EntryFacts[], folder: string | undefined, files: readonly string[]): EntryFacts[] {
  const known = new Set(files);
  return entries.filter(({ id }) =>
    ['.jpg', '.jpeg', '.JPG', '.JPEG'].some((suffix) => known.has(`${folder}/${id}${suffix}`)),
  );
}

function damaged(facts: DatasetFacts, kind: 'image' | 'mask'): Finding[] {
  const unreadable = allEntries(facts).flatMap(({ imageProblem, maskProblem }) => {
    const problem = kind === 'image' ? imageProblem : maskProblem;
    return problem === undefined ? [] : [problem];
  });
  return findingOf(unreadable, {
    check: `${kind}-damaged`,
    severity: 'error',
    found: `${counted(unreadable.length, `${kind} file`)} cannot be read`,
    why: 'training would stop at it, possibly after hours',
    fix: 'download the file again (it may be truncated by a broken download or a full disk), or remove the id from the list',
  });
}

/** Masks and images in no list: not wrong, but often a sign of a list that is too short. */
function unlisted(facts: DatasetFacts): Finding[] {
  const { imageFiles = [], maskFiles = [], train, val } = facts;
  const entries = allEntries(facts);
  // Without a list everything is unlisted, which is reported already.
  if (train.entries.length === 0 || val.entries.length === 0 || entries.some(isStale)) return [];
  const used = new Set(entries.flatMap(({ imagePath, maskPath }) => [imagePath ?? '', maskPath ?? '']));
  const masks = maskFiles.filter((file) => !used.has(file) && !JPEG.test(file));
  const stems = new Set(maskFiles.map(nameOf));
  const images = imageFiles.filter((file) => !used.has(file) && !stems.has(nameOf(file)));
  return [
    ...findingOf(masks, {
      check: 'mask-not-listed',
      severity: 'note',
      found: `${counted(masks.length, 'mask file')} ${masks.length === 1 ? 'is' : 'are'} in neither list`,
      why: 'they are not used',
      fix: 'nothing if this is intended; otherwise add their ids to a list',
    }),
    ...findingOf(images, {
      check: 'image-without-mask',
      severity: 'note',
      found: `${counted(images.length, 'image')} in neither list ${images.length === 1 ? 'has' : 'have'} no mask`,
      why: 'they are not used',
      fix: 'nothing if this is intended; predict can segment them, and methods with image labels can learn from them',
    }),
  ];
}

const JPEG = /\.jpe?g$/i;

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '');
}
