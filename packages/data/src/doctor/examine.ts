import { join } from 'node:path';
import { type Dataset, IGNORE, listFiles, type Sample, SeedTree, sha256, UserError } from '@unseen/core';
import { addMask, classSupport, type Support } from '../class-support.ts';
import { findSplit } from '../contiguous-labels.ts';
import type { DatasetFile } from '../dataset-file.ts';
import { IMAGE_TYPES, suffixOf } from '../file-types.ts';
import { findFilesOfAnyType } from '../layouts/find-files.ts';
import { listSubset } from '../layouts/layouts.ts';
import type { Subset, SubsetListing } from '../layouts/listing.ts';
import { maskValues, unlabelledValues } from '../mask.ts';
import { type DatasetSettings, readDatasetFile } from '../read-dataset-file.ts';
import { builtInDatasets, datasetPath } from '../registry.ts';
import { checkAnnotations } from './checks/annotations.ts';
import { checkDuplicates } from './checks/duplicates.ts';
import { checkFiles } from './checks/files.ts';
import { checkImageLabels } from './checks/image-labels.ts';
import { checkLists } from './checks/lists.ts';
import { checkMaskFiles } from './checks/mask-files.ts';
import { checkPalettes } from './checks/palettes.ts';
import { checkSizes } from './checks/sizes.ts';
import { checkSupport } from './checks/support.ts';
import { checkValues, soundMasks } from './checks/values.ts';
import { choosePictures } from './choose-pictures.ts';
import { type ContactPicture, type PictureSource, pictureOf } from './contact-picture.ts';
import { classOf, type DatasetFacts, type EntryFacts, type SubsetFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import { gather } from './gather.ts';
import { labelFacts, packColor } from './mask-facts.ts';
import { type DoctorReport, reportOf } from './report.ts';
import { stemOf } from './stems.ts';

/** How a dataset is examined. */
export interface ExamineOptions {
  /** Folder of the images and masks, instead of the one that the YAML names. */
  readonly root?: string;
  /** Name of the seen/unseen split; `default` by default. */
  readonly split?: string;
  /** Read only the headers of image files: later damage and near-duplicates are not found. */
  readonly quick?: boolean;
  /** Called after each image with its mask. */
  readonly onImage?: (done: number, total: number, id: string) => Promise<void> | void;
}

/** An examined dataset. */
export interface Examination {
  readonly report: DoctorReport;
  /** Overlays of some images of each subset, chosen to show every class at least once. */
  pictures(perSubset: number): Promise<ContactPicture[]>;
}

/**
 * Reads a dataset from disk, by its registered name or the path of a YAML, and reports everything that is wrong with it.
 * Missing and damaged files are findings; only an unreadable YAML is a {@link UserError}.
 */
export async function examineDataset(nameOrYaml: string, options: ExamineOptions = {}): Promise<Examination> {
  const { facts, sources } = Object.hasOwn(builtInDatasets, nameOrYaml)
    ? await factsOfGenerated(builtInDatasets[nameOrYaml].open(new SeedTree(0)), options)
    : await factsOfFiles(nameOrYaml, await readDatasetFile(await datasetPath(nameOrYaml), options), options);
  const [train, val] = [supportIn(facts, 'train'), supportIn(facts, 'val')];
  const support = classSupport(facts.classes, facts.split, train, val);
  const findings: Finding[] = [
    ...checkLists(facts),
    ...checkAnnotations(facts),
    ...checkFiles(facts),
    ...checkSizes(facts),
    ...checkMaskFiles(facts),
    ...checkPalettes(facts),
    ...checkValues(facts),
    ...checkSupport(facts, support),
    ...checkDuplicates(facts),
    ...checkImageLabels(facts),
  ];
  return {
    report: reportOf(facts, support, findings, { quick: options.quick === true }),
    pictures: async (perSubset) => {
      const pictures: ContactPicture[] = [];
      for (const subset of ['train', 'val'] as const) {
        for (const entry of choosePictures(facts, subset, perSubset)) {
          pictures.push(await pictureOf(entry, sources[subset][facts[subset].entries.indexOf(entry)], facts));
        }
      }
      return pictures;
    },
  };
}

interface Gathered {
  readonly facts: DatasetFacts;
  readonly sources: Readonly<Record<Subset, readonly PictureSource[]>>;
}

async function factsOfFiles(
  given: string,
  file: DatasetFile<DatasetSettings>,
  options: ExamineOptions,
): Promise<Gathered> {
  const { settings, classes, splits } = file;
  const { split: name = 'default', quick = false } = options;
  const split = findSplit(splits, name, settings.name);
  const { map, ignore } = maskValues(file);
  const stored = map ?? new Map(classes.map(({ id }) => [id, id] as const));
  const listed = { train: await list(file, 'train'), val: await list(file, 'val') };
  const total = listed.train.entries.length + listed.val.entries.length;
  let done = 0;
  const unlabelled = new Set([...ignore, ...unlabelledValues(maskValues(file), true)]);
  const masks = {
    colors: new Set(classes.map(({ color }) => packColor(color))),
    known: new Set([...stored.keys(), ...unlabelled]),
    palettes: new Map(),
  };
  const isPlainMask = (path: string) => !settings.layout.startsWith('coco') && /\.png$/i.test(path);
  const look = async (subset: Subset): Promise<SubsetFacts> => {
    const { entries, adviseOnImages, ...rest } = listed[subset];
    const onImage = (id: string) => options.onImage?.(++done, total, id);
    const facts = { subset, ...rest, entries: await gather(entries, subset, { quick, isPlainMask, masks, onImage }) };
    const advice = entries.some(({ imagePath }) => imagePath === undefined) ? await adviseOnImages?.() : undefined;
    return { ...facts, entries: await withOtherFiles(facts), ...(advice !== undefined && { advice }) };
  };
  const [train, val] = [await look('train'), await look('val')];
  const { source } = settings.splits[name] ?? {};
  const facts = {
    name: settings.name,
    classes,
    stored,
    mapped: map !== undefined,
    // In 16-bit masks 255 may be a class.
    ignore: unlabelled,
    declaredIgnore: ignore,
    split: { name, ...split, ...(source !== undefined && { source }) },
    ...(settings.prepare && { prepared: given }),
    inDataFolder: settings.root.startsWith('$UNSEEN_DATA'),
    optionalMasks: settings.optionalMasks,
    ownColors: settings.palette === 'voc' || settings.classes.some(({ color }) => color !== undefined),
    train,
    val,
    ...(await filesBeside([train, val])),
  };
  const sourcesOf = (subset: Subset) =>
    listed[subset].entries.map(({ imagePath, rawMask }) => ({ imagePath, rawMask }));
  return { facts, sources: { train: sourcesOf('train'), val: sourcesOf('val') } };
}

/** A listing, or why there is none. */
async function list(
  file: DatasetFile<DatasetSettings>,
  subset: Subset,
): Promise<Partial<SubsetListing> & Pick<SubsetListing, 'entries'> & Pick<SubsetFacts, 'problem' | 'problemFix'>> {
  try {
    return await listSubset(file, subset);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { given, expected, remedy } = error.parts;
    const isMissing = (error.cause as NodeJS.ErrnoException | undefined)?.code !== undefined;
    if (isMissing || remedy === undefined) return { entries: [], problem: error.message };
    return {
      entries: [],
      problem: expected === undefined ? given : `${given}; expected ${expected}`,
      problemFix: remedy,
    };
  }
}

/** Entries with the files of other types that lie where their image or mask is missing. */
async function withOtherFiles({ entries, imageFolder, maskFolder }: SubsetFacts): Promise<readonly EntryFacts[]> {
  const beside = async (folder: string | undefined, isMissing: (entry: EntryFacts) => boolean) => {
    const ids = entries.filter(isMissing).map(({ id }) => id);
    const found = folder === undefined || ids.length === 0 ? [] : await findFilesOfAnyType(folder, ids);
    return new Map(found.flatMap(([path], i) => (path === undefined ? [] : [[ids[i], path] as const])));
  };
  const images = await beside(imageFolder, ({ imagePath }) => imagePath === undefined);
  const masks = await beside(maskFolder, ({ maskPath }) => maskPath === undefined);
  if (images.size + masks.size === 0) return entries;
  return entries.map((entry): EntryFacts => {
    const [otherImage, otherMask] = [images.get(entry.id), masks.get(entry.id)];
    return { ...entry, ...(otherImage !== undefined && { otherImage }), ...(otherMask !== undefined && { otherMask }) };
  });
}

/** All files in the folders of images and masks, where file names are ids: elsewhere folders hold more than that. */
async function filesBeside(subsets: readonly SubsetFacts[]): Promise<Pick<DatasetFacts, 'imageFiles' | 'maskFiles'>> {
  const entries = subsets.flatMap((subset) => subset.entries.map((entry) => ({ ...subset, ...entry })));
  const plain = entries.every(
    ({ id, imagePath, maskPath, imageFolder, maskFolder }) =>
      (imagePath === undefined || stemOf(imagePath, imageFolder ?? '') === id) &&
      (maskPath === undefined || stemOf(maskPath, maskFolder ?? '') === id),
  );
  const folders = (of: 'imageFolder' | 'maskFolder') => [...new Set(subsets.flatMap((subset) => subset[of] ?? []))];
  const [images, masks] = [folders('imageFolder'), folders('maskFolder')];
  if (!plain || images.some((folder) => masks.includes(folder))) return {};
  const filesIn = async (of: readonly string[], isWanted: (name: string) => boolean) => {
    const found = await Promise.all(of.map((folder) => listFiles(folder, { deep: true }).catch(ifMissing)));
    return found.flatMap((names, i) => names.filter(isWanted).map((name) => join(of[i], name))).sort();
  };
  return {
    imageFiles: await filesIn(images, (name) => suffixOf(name, IMAGE_TYPES) !== undefined),
    maskFiles: await filesIn(masks, (name) => /\.(png|mat|jpe?g)$/i.test(name)),
  };
}

/** No files in the place of a folder that is not there; checks of the lists tell of other problems. */
function ifMissing(error: unknown): [] {
  if (error instanceof UserError) return [];
  throw error;
}

async function factsOfGenerated(dataset: Dataset, options: ExamineOptions): Promise<Gathered> {
  const { name, classes, splits } = dataset;
  const { split: splitName = 'default' } = options;
  const split = findSplit(splits, splitName, name);
  let done = 0;
  const total = dataset.train.length + dataset.val.length;
  const ignore = new Set([...dataset.ignore, IGNORE, 0xffff]);
  const known = new Set([...classes.map(({ id }) => id), ...ignore]);
  const look = async (subset: Subset): Promise<SubsetFacts> => {
    const entries: EntryFacts[] = [];
    for (const sample of dataset[subset]) {
      entries.push(await generatedFacts(sample, subset, known));
      await options.onImage?.(++done, total, sample.id);
    }
    return { subset, entries };
  };
  const facts = {
    name,
    classes,
    stored: new Map(classes.map(({ id }) => [id, id] as const)),
    ignore,
    split: { name: splitName, ...split },
    ownColors: false,
    train: await look('train'),
    val: await look('val'),
  };
  const sourcesOf = (subset: Subset) =>
    dataset[subset].map((sample) => ({ image: () => sample.image(), rawMask: () => sample.mask!() }));
  return { facts, sources: { train: sourcesOf('train'), val: sourcesOf('val') } };
}

async function generatedFacts(
  { id, image, mask }: Sample,
  subset: Subset,
  known: ReadonlySet<number>,
): Promise<EntryFacts> {
  const { height, width, data } = await image();
  const picture = { height, width, orientation: 1, bytes: sha256(data) };
  return { id, subset, imagePath: id, maskPath: id, image: picture, mask: labelFacts(await mask!(), known) };
}

function supportIn(facts: DatasetFacts, subset: Subset): Map<number, Support> {
  const support = new Map<number, Support>();
  for (const { mask, ...entry } of soundMasks(facts)) {
    if (entry.subset !== subset) continue;
    const classes = new Map<number, number>();
    for (const [value, pixels] of mask!.values) {
      const id = classOf(facts, value);
      if (id !== undefined) classes.set(id, (classes.get(id) ?? 0) + pixels);
    }
    addMask(support, [...classes]);
  }
  return support;
}
