import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import {
  type Dataset,
  explainFileError,
  makeFolder,
  readBytes,
  removeAbandoned,
  type Sample,
  temporaryPath,
  UserError,
} from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import { FileSample } from '../file-samples.ts';
import { IMAGE_TYPES } from '../file-types.ts';
import { type LayoutName, layouts } from '../layouts/layouts.ts';
import type { Subset } from '../layouts/listing.ts';
import { mapLimited } from '../map-limited.ts';
import { datasetYaml } from './dataset-yaml.ts';
import type { ExportedFiles, FinishedSample, LayoutWriter } from './layout-writer.ts';

/** Where and how a dataset is exported. */
export interface ExportDatasetOptions {
  readonly layout: LayoutName;
  /** Must not exist, or be empty. */
  readonly folder: string;
  /** Whether objects are written too, where the dataset and the layout have them. */
  readonly instances?: boolean;
  /** Called after each image. */
  readonly onImage?: (done: number, total: number, id: string) => void;
}

/** What {@link exportDataset} wrote. */
export interface ExportedDataset {
  /** Path of the dataset's YAML. */
  readonly yaml: string;
  readonly layout: LayoutName;
  readonly images: Readonly<Record<Subset, number>>;
  /** Images whose objects were written, and images whose objects were left out. */
  readonly objects: { readonly written: number; readonly left: number };
}

/**
 * Writes a dataset in a layout, with its YAML (`dataset.yaml`): opened again it has the same ids, photos, masks, classes,
 * splits and image labels, and the same objects where the layout holds them (in Cityscapes by class). The folder is
 * whole or not there at all. Photos that are files keep their bytes, others become PNGs. What the layout cannot hold is a
 * {@link UserError}.
 */
export async function exportDataset(dataset: Dataset, options: ExportDatasetOptions): Promise<ExportedDataset> {
  const { layout, instances = true, onImage } = options;
  const folder = resolve(options.folder);
  const writer = layouts[layout].write(dataset);
  const samples = (['train', 'val'] as const).flatMap((subset) =>
    dataset[subset].map((sample) => ({ subset, sample })),
  );
  checkIds(dataset, samples);
  await requireEmpty(folder);
  const partial = temporaryPath(folder);
  await makeFolder(dirname(folder));
  await removeAbandoned(dirname(folder));
  try {
    let [done, written, left] = [0, 0, 0];
    const finished = await mapLimited(
      samples,
      async ({ subset, sample }) => {
        const objects = writer.objects && instances ? await sample.instances?.() : undefined;
        if (objects) written++;
        else if (sample.instances) left++;
        const finished = await writeSample(partial, writer, subset, sample, objects);
        onImage?.(++done, samples.length, sample.id);
        return { subset, ...finished };
      },
      4,
    );
    const of = (subset: Subset) => finished.filter((one) => one.subset === subset);
    await writeFiles(partial, writer.finish({ train: of('train'), val: of('val') }));
    await writeFiles(partial, await labelsAndYaml(dataset, layout, writer));
    await rmdir(folder).catch(() => undefined);
    await rename(partial, folder);
    const images = { train: dataset.train.length, val: dataset.val.length };
    return { yaml: join(folder, 'dataset.yaml'), layout, images, objects: { written, left } };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw explainFileError(error, folder);
  }
}

function checkIds(dataset: Dataset, samples: readonly { subset: Subset; sample: Sample }[]): void {
  for (const subset of ['train', 'val'] as const) {
    if (dataset[subset].length > 0) continue;
    throw new UserError({
      given: `dataset ${dataset.name} without images in '${subset}'`,
      expected: 'at least one seen class',
    });
  }
  const seen = new Set<string>();
  for (const {
    sample: { id },
  } of samples) {
    const parts = id.split('/');
    if (id.trim() !== id || /[\\\n\r]/.test(id) || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new UserError({ given: `image id '${id}'`, expected: 'a valid file name' });
    }
    if (seen.has(id)) throw new UserError({ given: `image '${id}' occurs twice`, expected: 'every image once' });
    seen.add(id);
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw explainFileError(error, folder);
  });
  if (entries.length === 0) return;
  throw new UserError({
    given: `${folder} is not empty`,
    expected: 'a new or empty folder',
    remedy: 'name another one',
  });
}

async function writeSample(
  folder: string,
  writer: LayoutWriter,
  subset: Subset,
  sample: Sample,
  instances: Awaited<ReturnType<NonNullable<Sample['instances']>>> | undefined,
): Promise<FinishedSample> {
  const { id } = sample;
  const mask = await sample.mask?.();
  if (!mask) throw new UserError({ given: `image '${id}' has no mask`, expected: 'a mask for every image' });
  const { suffix, bytes } = await photoOf(sample, writer.imageSuffix);
  const imageName = `${id}${suffix}`;
  const { files, annotation } = writer.mask({ subset, id, imageName, mask, ...(instances && { instances }) });
  await writeFiles(folder, { [`${writer.imageFolder(subset)}/${imageName}`]: bytes, ...files });
  return { id, annotation };
}

async function photoOf(sample: Sample, wanted: string | undefined): Promise<{ suffix: string; bytes: Uint8Array }> {
  if (sample instanceof FileSample && wanted === undefined) {
    const suffix = extname(sample.imagePath);
    if (IMAGE_TYPES.includes(suffix.toLowerCase())) return { suffix, bytes: await readBytes(sample.imagePath) };
  }
  return { suffix: wanted ?? '.png', bytes: encodeRgbPng(await sample.image()) };
}

async function labelsAndYaml(dataset: Dataset, layout: LayoutName, writer: LayoutWriter): Promise<ExportedFiles> {
  const labelled = [...dataset.train, ...dataset.val].filter(({ imageLabels }) => imageLabels);
  if (labelled.length === 0) return { 'dataset.yaml': datasetYaml(dataset, { layout, ...writer.settings }) };
  const labels = Object.fromEntries(labelled.map(({ id, imageLabels }) => [id, imageLabels]));
  return {
    'image_labels.json': `${JSON.stringify(labels)}\n`,
    'dataset.yaml': datasetYaml(dataset, { layout, ...writer.settings, imageLabels: 'image_labels.json' }),
  };
}

/** Not atomic: the whole folder is renamed once complete. */
async function writeFiles(folder: string, files: ExportedFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}
