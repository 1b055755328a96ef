import { IMAGE_TYPES, suffixOf } from '../../file-types.ts';
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
    ...severalFiles(facts),
    ...blankImages(facts),
    ...subsets.flatMap(passedOver),
    ...damaged(facts, 'image'),
    ...damaged(facts, 'mask'),
    ...unlisted(facts),
  ];
}

function missing(
  { subset, entries, advice, ...folders }: SubsetFacts,
  kind: 'image' | 'mask',
  facts: DatasetFacts,
): Finding[] {
  // What the list has to say otherwise is told of the images.
  const isMissing = ({ imagePath, maskPath }: EntryFacts) =>
    kind === 'image' ? imagePath === undefined : maskPath === undefined && (imagePath !== undefined || !advice);
  const without = entries.filter((entry) => isMissing(entry) && !isStale(entry));
  const folder = kind === 'image' ? folders.imageFolder : folders.maskFolder;
  const others = without.flatMap(({ otherImage, otherMask }) => (kind === 'image' ? otherImage : otherMask) ?? []);
  const all = without.length === entries.length;
  const allowed = kind === 'mask' && facts.optionalMasks === true && others.length === 0;
  const add = `add the ${kind}s (names, sub-folders and letter case must match), or remove the ids from the list`;
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
        others.length > 0
          ? saveAnew(kind, others)
          : allowed
            ? 'nothing if this is intended; otherwise add the masks'
            : ((kind === 'image' ? advice : undefined) ?? (all ? placeIt(facts) : undefined) ?? add),
    },
  );
}

/** What to do with files of types that are not read. */
function saveAnew(kind: 'image' | 'mask', others: readonly string[]): string {
  const there = `there are files of other types for ${counted(others.length, 'of these ids', 'of these ids')}, such as ${others[0]}`;
  if (kind === 'image') {
    const isRead = suffixOf(others[0], IMAGE_TYPES) !== undefined;
    return `${isRead ? 'correct the file names in the annotation file' : 'save the images as PNG'}: ${there}`;
  }
  return others.every((path) => JPEG.test(path))
    ? `export the masks again as PNG: there are JPEG files for ${counted(others.length, 'of these ids', 'of these ids')}, and JPEG does not preserve class ids`
    : `save the masks as 8-bit grey or palette PNG with the same values: ${there}`;
}

function severalFiles(facts: DatasetFacts): Finding[] {
  const entries = allEntries(facts).filter(({ rivals }) => rivals);
  const example = ({ id, imagePath, maskPath, rivals }: EntryFacts) =>
    `${id}: ${[imagePath, maskPath, ...rivals!].filter((path) => path !== undefined).join(', ')}`;
  return findingOf(entries.map(example), {
    check: 'several-files',
    severity: 'error',
    found: `${counted(entries.length, 'image')} ${entries.length === 1 ? 'has' : 'have'} several files for the image or for the mask`,
    why: 'which of them is meant cannot be told, so that such a dataset is refused',
    fix: 'remove or rename all but one',
  });
}

function blankImages(facts: DatasetFacts): Finding[] {
  const entries = allEntries(facts).filter(({ image }) => image?.blank);
  return findingOf(
    entries.map(({ imagePath, image }) => `${imagePath} is ${image!.blank}`),
    {
      check: 'blank-image',
      severity: 'warning',
      found: `${counted(entries.length, 'image')} ${entries.length === 1 ? 'shows' : 'show'} nothing`,
      why: 'nothing can be learned from them; often they were exported with another range of values',
      fix: 'look at them, and save them anew from the original, or remove their ids from the list',
    },
  );
}

function passedOver({ subset, passedOver: files = [], imageFolder }: SubsetFacts): Finding[] {
  return findingOf(files, {
    check: 'image-of-other-type',
    severity: 'warning',
    found: `${counted(files.length, 'picture')} of ${subset} in ${imageFolder} ${files.length === 1 ? 'is' : 'are'} of a type that is not read`,
    why: 'they are passed over as if they were not there',
    fix: 'save them as PNG',
  });
}

function damaged(facts: DatasetFacts, kind: 'image' | 'mask'): Finding[] {
  const byRemedy = new Map<string | undefined, string[]>();
  for (const { imageProblem, maskProblem, imageRemedy, maskRemedy } of allEntries(facts)) {
    const [problem, remedy] = kind === 'image' ? [imageProblem, imageRemedy] : [maskProblem, maskRemedy];
    if (problem !== undefined) byRemedy.set(remedy, [...(byRemedy.get(remedy) ?? []), problem]);
  }
  const others = [...byRemedy].flatMap(([remedy, problems]) =>
    remedy === undefined
      ? []
      : findingOf(problems, {
          check: `${kind}-unreadable`,
          severity: 'error',
          found: `${counted(problems.length, `${kind} file`)} ${problems.length === 1 ? 'is' : 'are'} whole, but cannot be used`,
          why: 'training would stop at it, possibly after hours',
          fix: remedy,
        }),
  );
  const unreadable = byRemedy.get(undefined) ?? [];
  const damagedOnes = findingOf(unreadable, {
    check: `${kind}-damaged`,
    severity: 'error',
    found: `${counted(unreadable.length, `${kind} file`)} cannot be read`,
    why: 'training would stop at it, possibly after hours',
    fix: 'download the file again (it may be truncated by a broken download or a full disk), or remove the id from the list',
  });
  return [...damagedOnes, ...others];
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
