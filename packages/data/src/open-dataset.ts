import { dirname, join, resolve } from 'node:path';
import { type Dataset, readJson, type Sample, SeedTree, UserError } from '@unseen/core';
import { expandDataFolder } from '@unseen/formats';
import { findSplit } from './contiguous-labels.ts';
import { type DatasetFile, type DatasetSettings, readDatasetFile } from './dataset-file.ts';
import { FileSample, findFiles, readIdList } from './file-samples.ts';
import { type MaskValues, readMask } from './mask.ts';
import { panopticLabels, readPanopticJson, readPanopticMask } from './panoptic.ts';
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

type Subset = 'train' | 'val';

/** Classes and splits of a dataset by its registered name or the path of a YAML; its images need not be there. */
export async function describeDataset(
  nameOrYaml: string,
): Promise<Pick<Dataset, 'name' | 'classes' | 'ignore' | 'splits'>> {
  if (Object.hasOwn(builtInDatasets, nameOrYaml)) return builtInDatasets[nameOrYaml].open(new SeedTree(0));
  const { settings, classes, splits } = await readDatasetFile(await datasetPath(nameOrYaml));
  return { name: settings.name, classes, ignore: settings.ignore, splits };
}

/**
 * Opens a dataset by its registered name or by the path of a YAML. Lists and file names are checked at once, images and
 * masks are read when asked for.
 */
export async function openDataset(nameOrYaml: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { seeds = new SeedTree(0), split = 'default', ...paths } = options;
  const dataset = Object.hasOwn(builtInDatasets, nameOrYaml)
    ? builtInDatasets[nameOrYaml].open(seeds)
    : await openFiles(await readDatasetFile(await datasetPath(nameOrYaml), paths));
  if (split === 'default') return dataset;
  return { ...dataset, splits: { ...dataset.splits, default: findSplit(dataset.splits, split, dataset.name) } };
}

async function openFiles(file: DatasetFile): Promise<Dataset> {
  const { settings, classes, splits } = file;
  return {
    name: settings.name,
    classes,
    ignore: settings.ignore,
    splits,
    train: await openSubset(file, 'train'),
    val: await openSubset(file, 'val'),
  };
}

async function openSubset(file: DatasetFile, subset: Subset): Promise<Sample[]> {
  const { settings, classes, root } = file;
  const values: MaskValues = {
    classes: new Set(classes.map(({ id }) => id)),
    ignore: new Set(settings.ignore),
  };
  if (settings.layout === 'coco-panoptic') return openPanoptic(file, settings, subset, values);
  const list = settings.subsets
    ? listPath(file, settings.subsets[subset])
    : join(root, 'ImageSets/Segmentation', `${subset}.txt`);
  const ids = await readIdList(list);
  const images = await findFiles(join(root, settings.images), ids, 'image', list);
  const masks = await findFiles(join(root, settings.masks), ids, 'mask', list);
  const labels = settings.imageLabels === undefined ? undefined : await readImageLabels(file, settings.imageLabels);
  return ids.map(
    (id, i) =>
      new FileSample(
        { id, imagePath: images[i], maskPath: masks[i] },
        (path) => readMask(path, id, values),
        labels?.get(id),
      ),
  );
}

/** Lists lie beside the dataset's YAML, or with the data (`$UNSEEN_DATA/…`). */
function listPath({ path }: DatasetFile, list: string): string {
  return resolve(dirname(path), expandDataFolder(list));
}

async function openPanoptic(
  file: DatasetFile,
  settings: Extract<DatasetSettings, { layout: 'coco-panoptic' }>,
  subset: Subset,
  values: MaskValues,
): Promise<Sample[]> {
  const annotation = join(file.root, settings.annotations[subset]);
  const annotated = await readPanopticJson(annotation);
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : annotation;
  const ids = settings.subsets ? await readIdList(list) : [...annotated.keys()];
  if (ids.length === 0) throw new UserError({ given: `${list} lists no image`, expected: 'at least one annotation' });
  const stranger = ids.find((id) => !annotated.has(id));
  if (stranger !== undefined) {
    throw new UserError({ given: `image '${stranger}' of ${list} has no annotation in ${annotation}` });
  }
  const images = await findFiles(join(file.root, settings.images[subset]), ids, 'image', list);
  const masks = await findFiles(join(file.root, settings.masks[subset]), ids, 'mask', list);
  return ids.map((id, i) => {
    const segments = annotated.get(id)!;
    return new FileSample(
      { id, imagePath: images[i], maskPath: masks[i] },
      (path) => readPanopticMask(path, id, segments, values),
      panopticLabels(segments, values),
    );
  });
}

/** Image labels from JSON: lists of class names or ids by image id. Names that are no class are {@link UserError}s. */
async function readImageLabels(file: DatasetFile, name: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const path = join(file.root, name);
  const json = await readJson(path);
  const byName = new Map<unknown, number>(
    file.classes.flatMap(({ id, name }) => [[name, id] as const, [id, id] as const]),
  );
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UserError({ given: `${path} is no JSON object`, expected: 'lists of class names by image id' });
  }
  return new Map(
    Object.entries(json).map(([id, labels]) => {
      if (!Array.isArray(labels)) {
        throw new UserError({ given: `${path}: '${id}' is no list`, expected: 'a list of class names or ids' });
      }
      const ids = labels.map((label: unknown) => {
        const found = byName.get(label);
        if (found !== undefined) return found;
        throw new UserError({
          given: `${path}: image '${id}' has the label '${label}'`,
          expected: 'a class of the dataset',
        });
      });
      return [id, ids];
    }),
  );
}
