import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import type { Artifact, Place } from './artifacts.ts';
import { IMAGE_INDEX, type ImageArtifact, type ImageValues } from './image-artifacts.ts';
import { partOf } from './shard.ts';
import type { Inputs, Needs, Stage, StageContext } from './stage.ts';
import { defineStage } from './stage.ts';

/** Options of {@link imageStage}. */
export interface ImageStageOptions<I extends { readonly id: string }, N extends Needs, T> {
  readonly name: string;
  readonly settings: unknown;
  readonly needs?: N;
  readonly makes: ImageArtifact<T>;
  /** The images, in their order; ids are distinct. */
  images(context: StageContext, inputs: Inputs<N>): Promise<readonly I[]>;
  /** Makes ready what turns an image into its value. Not called when all images are done. */
  open(context: StageContext, inputs: Inputs<N>): Promise<ImageMap<I, T>>;
}

/** Turns images into values, one at a time. */
export interface ImageMap<I, T> {
  map(image: I): Promise<T>;
  close?(): Promise<void> | void;
}

/** Hash of the stage whose values a folder holds. */
const STAMP = 'stage';

/**
 * A stage that makes one value per image, each written on its own: a stage that was killed continues at the image where it
 * was, and with `--shard i/n` several processes share the images. What an image's value is must not depend on other images.
 */
export function imageStage<const I extends { readonly id: string }, const N extends Needs, T>({
  name,
  settings,
  needs,
  makes,
  images,
  open,
}: ImageStageOptions<I, N, T>): Stage<ImageValues<T>> {
  return defineStage<N, ImageValues<T>>({
    name,
    settings,
    ...(needs && { needs }),
    makes,
    sharded: true,
    run: async (context, inputs) => {
      const { folder, hash, progress, signal, shard } = context;
      const all = await images(context, inputs);
      requireDistinct(all, name);
      await claim(context, makes);
      const own = shard ? partOf(all, shard) : all;
      const left = own.filter(({ id }) => !existsSync(makes.path(folder, id)));
      if (left.length > 0) {
        const { map, close } = await open(context, inputs);
        try {
          for (const [i, image] of left.entries()) {
            signal.throwIfAborted();
            await makes.write(makes.path(folder, image.id), await map(image));
            await progress.update(own.length - left.length + i + 1, own.length, image.id);
          }
        } finally {
          await close?.();
        }
      }
      if (!shard)
        await writeJsonAtomic(folder.file(makes.directory, IMAGE_INDEX), { hash, ids: all.map(({ id }) => id) });
    },
  });
}

/** Makes the folder of the stage's values, without any that were made under other settings. */
async function claim({ folder, hash, shard }: StageContext, makes: ImageArtifact<unknown>): Promise<void> {
  const path = folder.file(makes.directory);
  await mkdir(path, { recursive: true });
  const stamp = join(path, STAMP);
  const earlier = await readFile(stamp, 'utf8').catch(() => undefined);
  if (earlier === hash) return;
  if (earlier !== undefined && shard) {
    throw new UserError({
      given: `${path} holds values that were made under other settings`,
      remedy: "remove them by 'unseen run … --resume --force' before the images are shared out",
    });
  }
  await clearImages(folder, makes);
  await mkdir(path, { recursive: true });
  await writeFileAtomic(stamp, hash);
}

/** Removes the values of a stage that works image by image; other artifacts are left alone. */
export async function clearImages(folder: Place, makes: Artifact<unknown> | ImageArtifact<unknown>): Promise<void> {
  if (!('directory' in makes)) return;
  const path = folder.file(makes.directory);
  for (const entry of await readdir(path).catch(() => [])) await rm(join(path, entry), { force: true });
}

function requireDistinct(images: readonly { readonly id: string }[], stage: string): void {
  const seen = new Set<string>();
  for (const { id } of images) {
    if (seen.has(id))
      throw new UserError({
        given: `two images of the stage '${stage}' have the id '${id}'`,
        expected: 'distinct ids',
      });
    seen.add(id);
  }
}
