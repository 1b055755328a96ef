import { DamagedFile, readBytes, UserError } from '@unseen/core';
import type { ListedImage, Subset } from '../layouts/listing.ts';
import { mapLimited } from '../map-limited.ts';
import type { EntryFacts } from './facts.ts';
import { labelFacts, type MaskFactsContext, maskFileFacts } from './mask-facts.ts';
import { pictureFacts } from './picture-facts.ts';

/** How images are looked at. */
export interface GatherOptions {
  /** Read the heads of image files only. */
  readonly quick: boolean;
  /** Whether a mask is a file of raw values by itself, to be looked at as a file and not through the layout. */
  readonly isPlainMask: (path: string) => boolean;
  readonly masks: MaskFactsContext;
  /** Called after each image. */
  readonly onImage?: (id: string) => Promise<void> | void;
}

/** Images in flight at a time: decoding photos takes other threads, decoding masks this one. */
const IN_FLIGHT = 4;

/** Looks once at every image of a subset and its mask; only small facts of them are kept. */
export function gather(listed: readonly ListedImage[], subset: Subset, options: GatherOptions): Promise<EntryFacts[]> {
  const look = async (image: ListedImage) => {
    const facts = await entryFacts(image, subset, options);
    await options.onImage?.(image.id);
    return facts;
  };
  return mapLimited(listed, look, IN_FLIGHT);
}

async function entryFacts(listed: ListedImage, subset: Subset, options: GatherOptions): Promise<EntryFacts> {
  const { id, line, imagePath, maskPath, rivals, imageLabels } = listed;
  const image = imagePath === undefined ? {} : await attempt(pictureFacts(imagePath, options));
  const mask = maskPath === undefined ? {} : await attempt(maskFacts(listed, maskPath, options));
  const labels = imageLabels ? await attempt(imageLabels()) : {};
  return {
    id,
    subset,
    ...(line !== undefined && { line }),
    ...(imagePath !== undefined && { imagePath }),
    ...(maskPath !== undefined && { maskPath }),
    ...(rivals && { rivals }),
    ...(image.value && { image: image.value }),
    ...(image.problem !== undefined && { imageProblem: image.problem }),
    ...(image.remedy !== undefined && { imageRemedy: image.remedy }),
    ...(mask.value && { mask: mask.value }),
    ...(mask.problem !== undefined && { maskProblem: mask.problem }),
    ...(mask.remedy !== undefined && { maskRemedy: mask.remedy }),
    ...(labels.value && { imageLabels: labels.value }),
    ...(labels.problem !== undefined && { labelsProblem: labels.problem }),
  };
}

async function maskFacts(listed: ListedImage, path: string, { isPlainMask, masks }: GatherOptions) {
  if (isPlainMask(path) || !listed.rawMask) return maskFileFacts(await readBytes(path), path, masks);
  return labelFacts(await listed.rawMask(), masks.known);
}

/** A value, or the user's error instead of it, with a remedy of its own unless the file is damaged. */
async function attempt<T>(
  made: Promise<T>,
): Promise<{ readonly value?: T; readonly problem?: string; readonly remedy?: string }> {
  try {
    return { value: await made };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { given, remedy } = error.parts;
    return { problem: given, ...(!(error instanceof DamagedFile) && remedy !== undefined && { remedy }) };
  }
}
