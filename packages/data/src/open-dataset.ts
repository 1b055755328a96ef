import { type Dataset, type Sample, SeedTree, UserError } from '@unseen/core';
import { requireSameCategories } from './coco/categories.ts';
import { findSplit } from './contiguous-labels.ts';
import type { DatasetFile } from './dataset-file.ts';
import { FileSample } from './file-samples.ts';
import { checkListing } from './layouts/check-listing.ts';
import type { FileEndings } from './layouts/layout.ts';
import { fileEndings, listSubset } from './layouts/layouts.ts';
import type { Subset, SubsetListing } from './layouts/listing.ts';
import { mapLimited } from './map-limited.ts';
import { type MaskValues, maskValues } from './mask.ts';
import { type DatasetSettings, readDatasetFile } from './read-dataset-file.ts';
import { builtInDatasets, datasetPath } from './registry.ts';

/** How a dataset is opened. */
export interface OpenDatasetOptions {
  /** Folder of the images and masks, instead of the one that the YAML names. */
  readonly root?: string;
  /** Name of the split that becomes `default`. */
  readonly split?: string;
  /** Seeds of generated datasets. */
  readonly seeds?: SeedTree;
}

/** What a dataset's YAML says, without its files. */
export interface DatasetDescription extends Pick<Dataset, 'name' | 'classes' | 'ignore' | 'splits'> {
  /** What the values in its mask files mean. */
  readonly values: MaskValues;
  /** How names of its image and mask files end besides their id. */
  readonly endings: FileEndings;
}

/** Describes a dataset by its registered name or the path of a YAML; its images may be absent. */
export async function describeDataset(nameOrYaml: string): Promise<DatasetDescription> {
  if (Object.hasOwn(builtInDatasets, nameOrYaml)) {
    const { name, classes, ignore, splits } = builtInDatasets[nameOrYaml].open(new SeedTree(0));
    const values = { classes: new Set(classes.map(({ id }) => id)), ignore: new Set(ignore) };
    return { name, classes, ignore, splits, values, endings: { image: '', mask: '' } };
  }
  const file = await readDatasetFile(await datasetPath(nameOrYaml));
  const { settings, classes, splits } = file;
  return {
    name: settings.name,
    classes,
    ignore: ignoredIds(file),
    splits,
    values: maskValues(file),
    endings: fileEndings(settings),
  };
}

/**
 * Opens a dataset by its registered name or by the path of a YAML. Lists and file names are checked at once; images and
 * masks are read on demand.
 */
export async function openDataset(nameOrYaml: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { seeds = new SeedTree(0), split = 'default', ...paths } = options;
  const dataset = Object.hasOwn(builtInDatasets, nameOrYaml)
    ? builtInDatasets[nameOrYaml].open(seeds)
    : await openFiles(await readDatasetFile(await datasetPath(nameOrYaml), paths));
  if (split === 'default') return dataset;
  return { ...dataset, splits: { ...dataset.splits, default: findSplit(dataset.splits, split, dataset.name) } };
}

async function openFiles(file: DatasetFile<DatasetSettings>): Promise<Dataset> {
  const { settings, classes, splits } = file;
  try {
    const [train, val] = [await openSubset(file, 'train'), await openSubset(file, 'val')];
    if (train.annotation && val.annotation) requireSameCategories(train.annotation, val.annotation);
    return {
      ...{ name: settings.name, classes, ignore: ignoredIds(file), splits },
      ...{ train: train.samples, val: val.samples },
    };
  } catch (error) {
    throw explainMissing(error, file);
  }
}

/** Missing files can be built from the official archives, where we know how. */
function explainMissing(error: unknown, { settings, root }: DatasetFile): unknown {
  const isMissing = error instanceof UserError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  if (!isMissing || !settings.prepare) return error;
  const remedy = `build the dataset from its official archives with 'unseen dataset prepare ${settings.name} --from DIR'; if you have it, set UNSEEN_DATA (it is expected in ${root})`;
  return new UserError({ ...error.parts, remedy }, { cause: error.cause });
}

async function openSubset(
  file: DatasetFile<DatasetSettings>,
  subset: Subset,
): Promise<Pick<SubsetListing, 'annotation'> & { readonly samples: readonly Sample[] }> {
  const values = maskValues(file);
  const listing = await listSubset(file, subset);
  const entries = await checkListing(listing, file.settings);
  const samples = await mapLimited(
    entries,
    async (entry) => new FileSample(entry, values, await entry.imageLabels?.()),
  );
  return { samples, ...(listing.annotation && { annotation: listing.annotation }) };
}

/** Unlabelled values beside class ids. Where stored values are mapped to classes there are none. */
function ignoredIds({ settings, valueMap }: DatasetFile): readonly number[] {
  return valueMap ? [] : settings.ignore;
}
