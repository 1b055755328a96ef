import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explainFileError, type LabelMap, type RgbImage, type Sample, UserError } from '@unseen/core';
import { decodeImage, imageSize } from './image.ts';

/** Suffixes of image files. */
export const IMAGE_TYPES: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.JPG',
  '.JPEG',
  '.PNG',
];

/** Reads the raw class ids of one image. */
export type MaskReader = (path: string, id: string) => Promise<LabelMap>;

/** An image file with its mask file. A mask of another size than its image is a {@link UserError} when it is read. */
export class FileSample implements Sample {
  readonly id: string;
  readonly imagePath: string;
  readonly maskPath: string;
  readonly imageLabels?: readonly number[];
  private readonly readMask: MaskReader;

  constructor(
    files: { readonly id: string; readonly imagePath: string; readonly maskPath: string },
    readMask: MaskReader,
    imageLabels?: readonly number[],
  ) {
    this.id = files.id;
    this.imagePath = files.imagePath;
    this.maskPath = files.maskPath;
    this.readMask = readMask;
    if (imageLabels) this.imageLabels = imageLabels;
  }

  image(): Promise<RgbImage> {
    return decodeImage(this.imagePath);
  }

  async mask(): Promise<LabelMap> {
    const labels = await this.readMask(this.maskPath, this.id);
    const { height, width } = await imageSize(this.imagePath);
    if (labels.height !== height || labels.width !== width) {
      throw new UserError({
        given: `mask ${this.maskPath} is ${labels.height}x${labels.width}, its image ${this.imagePath} is ${height}x${width} (height x width)`,
        expected: 'one size for both',
        remedy: 'make the mask anew for this image; it is not resized',
      });
    }
    return labels;
  }
}

/** Image ids of a list file: one per line, blank lines left out. An empty list and a repeated id are {@link UserError}s. */
export async function readIdList(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw explainFileError(error, path);
  });
  const ids: string[] = [];
  const lineOf = new Map<string, number>();
  text.split(/\r?\n/).forEach((line, index) => {
    const id = line.trim();
    if (id === '') return;
    const earlier = lineOf.get(id);
    if (earlier !== undefined) {
      throw new UserError({
        given: `${path}:${index + 1}: image '${id}' is also on line ${earlier}`,
        expected: 'every image once',
      });
    }
    lineOf.set(id, index + 1);
    ids.push(id);
  });
  if (ids.length === 0) {
    throw new UserError({ given: `${path} lists no image`, expected: 'one image id per line' });
  }
  return ids;
}

/**
 * Finds the files `<folder>/<id><extension>` of a list of ids (which may name sub-folders). Those that are missing are
 * one {@link UserError}.
 */
export async function findFiles(
  folder: string,
  ids: readonly string[],
  kind: 'image' | 'mask',
  list: string,
): Promise<string[]> {
  const types = kind === 'mask' ? ['.png', '.PNG'] : IMAGE_TYPES;
  const folders = new Map<string, Set<string>>();
  const missing: string[] = [];
  const paths: string[] = [];
  for (const id of ids) {
    const inside = dirname(join(folder, id));
    let names = folders.get(inside);
    if (!names) {
      const entries = await readdir(inside).catch((error) => {
        throw explainFileError(error, inside);
      });
      names = new Set(entries);
      folders.set(inside, names);
    }
    const base = join(folder, id).slice(inside.length + 1);
    const type = types.find((candidate) => names.has(base + candidate));
    if (type === undefined) missing.push(id);
    else paths.push(join(inside, base + type));
  }
  if (missing.length > 0) {
    throw new UserError({
      given: `${missing.length} of the ${ids.length} images of ${list} have no ${kind} in ${folder}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`,
      expected: `<id>${types[0]}${kind === 'image' ? ' or another image type' : ''} for every id`,
      remedy: `add the ${kind}s, or take the ids off the list`,
    });
  }
  return paths;
}
