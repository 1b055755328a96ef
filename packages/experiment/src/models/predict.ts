import { stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import {
  type ClassInfo,
  explainFileError,
  IGNORE,
  ignoreOf,
  type LabelData,
  type LabelMap,
  listFiles,
  messageOf,
  type RgbImage,
  type SegmentationModel,
  UserError,
  writeFileAtomic,
  writeJsonAtomic,
} from '@unseen/core';
import { decodeImage, IMAGE_TYPES, isOtherImage, suffixOf } from '@unseen/data';
import { encodeIndexedPng, encodeRgbPng } from '@unseen/formats';
import { type Color, labelsFromScores, overlay } from '@unseen/vision';

/** An image file with the name that its results get. */
export interface ImageFile {
  readonly path: string;
  readonly name: string;
}

/** How {@link predictImages} works. */
export interface PredictOptions {
  readonly model: SegmentationModel;
  readonly classes: readonly ClassInfo[];
  readonly files: readonly ImageFile[];
  /** What has failed before, to be listed with the rest. */
  readonly failures?: readonly ImageFailure[];
  /** Folder of the results. */
  readonly out: string;
  /** Pixels whose softmax probability is lower stay void. */
  readonly minConfidence?: number;
  readonly onImage?: (prediction: ImagePrediction, index: number) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** What became of one image. Paths are absolute. */
export interface ImagePrediction {
  readonly image: string;
  /** Indexed PNG of raw class ids; 255 is void. With ids above 254 a 16-bit PNG, where 65535 is void. */
  readonly mask: string;
  /** The image with the classes' colours over it. */
  readonly overlay: string;
  readonly height: number;
  readonly width: number;
  /** Fraction of the image's pixels by class name, largest first; classes that were not found are left out. */
  readonly shares: Readonly<Record<string, number>>;
  readonly void: number;
}

/** An image or a path that could not be read, or an image whose results could not be written, with the reason. */
export interface ImageFailure {
  readonly image: string;
  readonly error: string;
}

/** What {@link listImages} found. */
export interface ListedImages {
  readonly files: readonly ImageFile[];
  /** Paths among the given ones that cannot be read or hold no image. */
  readonly failures: readonly ImageFailure[];
}

/** What {@link predictImages} did. */
export interface Predictions {
  readonly images: readonly ImagePrediction[];
  readonly failures: readonly ImageFailure[];
}

/** VOC's colour of void. */
const VOID_COLOR: Color = [224, 224, 192];

/**
 * The image files among paths of files and folders (which are not searched deeper), each once, with distinct names for
 * their results: the file's name without its suffix, numbered where several files share it. A path that cannot be read is
 * handed back beside the images of the others; without an image at all it is a {@link UserError}. `onPassedOver` is told of
 * pictures in folders that are of types that are not read.
 */
export async function listImages(
  paths: readonly string[],
  { onPassedOver }: { readonly onPassedOver?: (names: readonly string[], folder: string) => void } = {},
): Promise<ListedImages> {
  const found = new Set<string>();
  const failures: ImageFailure[] = [];
  for (const path of new Set(paths)) {
    try {
      const { images, others } = await imagesAt(path);
      if (others.length > 0) onPassedOver?.(others, path);
      for (const file of images) found.add(resolve(file));
    } catch (error) {
      if (!(error instanceof UserError) || paths.length === 1) throw error;
      failures.push({ image: resolve(path), error: error.message });
    }
  }
  if (found.size === 0) {
    const given = `no image in the ${paths.length} paths:\n  ${failures.map(({ error }) => error).join('\n  ')}`;
    throw new UserError({ given });
  }
  const taken = new Set<string>();
  const files = [...found].map((path) => {
    const stem = basename(path, extname(path));
    let name = stem;
    // Some file systems do not tell A from a.
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}`;
    taken.add(name.toLowerCase());
    return { path, name };
  });
  return { files, failures };
}

async function imagesAt(path: string) {
  const entry = await stat(path).catch((error) => {
    throw explainFileError(error, path);
  });
  return entry.isDirectory() ? imagesOf(path) : { images: [path], others: [] };
}

async function imagesOf(folder: string) {
  const names = await listFiles(folder);
  const images = names.filter((name) => suffixOf(name, IMAGE_TYPES) !== undefined).map((name) => join(folder, name));
  const others = names.filter(isOtherImage);
  if (images.length > 0) return { images, others };
  throw new UserError({
    given: `${folder} holds no image${others.length > 0 ? ` of a type that is read (${others.slice(0, 3).join(', ')})` : ''}`,
    expected: `files ${IMAGE_TYPES.join(', ')}`,
    remedy: others.length > 0 ? 'save them as PNG' : 'sub-folders are not searched: name them too',
  });
}

/**
 * Segments images one at a time. Of each, `masks/<name>.png` and `overlays/<name>.png` are written at its own size;
 * `predictions.json` sums up. Images that cannot be read, or whose results cannot be written, are handed back and the others
 * are done; a full disk ends the work, since it would refuse the others too.
 */
export async function predictImages(options: PredictOptions): Promise<Predictions> {
  const { files, out, signal } = options;
  const images: ImagePrediction[] = [];
  const failures = [...(options.failures ?? [])];
  for (const [index, file] of files.entries()) {
    if (signal?.aborted) break;
    const prediction = await decodeImage(file.path)
      .then((image) => predictImage(image, file, options))
      .catch((error) => {
        if (!(error instanceof UserError) || isFull(error.cause)) throw error;
        failures.push({ image: file.path, error: messageOf(error) });
      });
    if (!prediction) continue;
    images.push(prediction);
    await options.onImage?.(prediction, index);
  }
  await writeJsonAtomic(resolve(out, 'predictions.json'), { images, failures });
  return { images, failures };
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

async function predictImage(image: RgbImage, file: ImageFile, options: PredictOptions): Promise<ImagePrediction> {
  const { model, classes, out, minConfidence = 0 } = options;
  const { height, width } = image;
  const scores = { ...(await model.logits(image)), channels: model.classes.length };
  const channels = labelsFromScores(scores, [height, width], { minConfidence });
  const labels = { id: file.name, height, width, data: channels };
  const [mask, picture] = ['masks', 'overlays'].map((folder) => resolve(out, folder, `${file.name}.png`));
  await writeFileAtomic(mask, encodeMask(labels, model.classes, classes));
  const byId = new Map(classes.map(({ id, color }) => [id, color]));
  const colors = new Map(model.classes.map((id, channel) => [channel, byId.get(id)!]));
  await writeFileAtomic(picture, encodeRgbPng(overlay(image, labels, { colors })));
  return { image: file.path, mask, overlay: picture, height, width, ...sharesOf(channels, model.classes, classes) };
}

/** Raw class ids with the colours of the dataset; ids of more than 8 bits have no palette in PNG. */
function encodeMask(labels: LabelMap, order: readonly number[], classes: readonly ClassInfo[]): Uint8Array {
  const wide = order.some((id) => id >= IGNORE);
  const data = wide ? new Uint16Array(labels.data.length) : new Uint8Array(labels.data.length);
  const hidden = ignoreOf(data);
  for (let i = 0; i < data.length; i++) data[i] = order[labels.data[i]] ?? hidden;
  if (wide) return encodeIndexedPng({ ...labels, data });
  const palette: Color[] = new Array(IGNORE + 1).fill([0, 0, 0]);
  for (const { id, color } of classes) palette[id] = color;
  palette[IGNORE] = VOID_COLOR;
  return encodeIndexedPng({ ...labels, data, palette });
}

function sharesOf(channels: LabelData, order: readonly number[], classes: readonly ClassInfo[]) {
  const hidden = ignoreOf(channels);
  const counts = new Uint32Array(hidden + 1);
  for (const channel of channels) counts[channel]++;
  const names = new Map(classes.map(({ id, name }) => [id, name]));
  const shares = order
    .map((id, channel) => [names.get(id) ?? String(id), counts[channel] / channels.length] as const)
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a);
  return { shares: Object.fromEntries(shares), void: counts[hidden] / channels.length };
}
