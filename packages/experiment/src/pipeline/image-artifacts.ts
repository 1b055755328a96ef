import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type InstanceSet,
  type LabelMap,
  readBytes,
  readJson,
  type ScoreMaps,
  UserError,
  writeFileAtomic,
  writeJsonAtomic,
} from '@unseen/core';
import { decodeIndexedPng, encodeIndexedPng, openSafetensors, writeSafetensors } from '@unseen/formats';
import type { Artifact, Place } from './artifacts.ts';

/** Values that a stage has left image by image. */
export interface ImageValues<T> {
  /** Ids of the images, in the order of the stage. */
  ids(): Promise<readonly string[]>;
  /** The value of an image; one that the stage has not seen is a `UserError`. */
  read(id: string): Promise<T>;
}

/** An artifact of one file per image, each written atomically. */
export interface ImageArtifact<T> extends Artifact<ImageValues<T>> {
  /** Relative to the run folder. */
  readonly directory: string;
  /** Absolute path of an image's file. */
  path(folder: Place, id: string): string;
  write(path: string, value: T): Promise<void>;
}

/** The list of images, written when all of them are done. */
export const IMAGE_INDEX = 'index.json';

interface Form<T> {
  readonly kind: Artifact<unknown>['kind'];
  readonly suffix: string;
  write(path: string, value: T): Promise<void>;
  read(path: string, id: string): Promise<T>;
}

function imageArtifact<T>(stage: string, { kind, suffix, write, read }: Form<T>): ImageArtifact<T> {
  const directory = join('artifacts', stage);
  const path = (folder: Place, id: string) => folder.file(directory, `${fileNameOf(id)}${suffix}`);
  return {
    kind,
    directory,
    files: [join(directory, IMAGE_INDEX)],
    path,
    write,
    open: (folder) => ({
      ids: async () => ((await readJson(folder.file(directory, IMAGE_INDEX))) as { ids: string[] }).ids,
      read: async (id) => {
        const file = path(folder, id);
        if (existsSync(file)) return read(file, id);
        throw new UserError({
          given: `the stage '${stage}' has nothing of the image '${id}'`,
          expected: `an image of its list, ${folder.file(directory, IMAGE_INDEX)}`,
          remedy: `run the stage again: unseen run … --resume`,
        });
      },
    }),
  };
}

/** A file name for any id: what is not allowed everywhere is written as %XX, so that no two ids share a name. */
export function fileNameOf(id: string): string {
  const name = encodeURIComponent(id).replaceAll(/[.*'()!~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  if (name.length <= 200) return name;
  throw new UserError({
    given: `the image id '${id.slice(0, 40)}…' of ${id.length} characters`,
    expected: 'a shorter id',
  });
}

/** Score maps: one safetensors file per image, in full precision. */
export function scoreMapsOf(stage: string): ImageArtifact<ScoreMaps> {
  return imageArtifact<ScoreMaps>(stage, {
    kind: 'scoreMaps',
    suffix: '.safetensors',
    write: async (path, { id, size, classes, grid, data }) => {
      const shape = [classes.length, data.length / Math.max(classes.length, 1)];
      const about = { id, size: JSON.stringify(size), classes: JSON.stringify(classes), grid };
      await writeSafetensors(path, [['scores', { shape, values: data }]], about);
    },
    read: async (path, id) => {
      const file = await openSafetensors(path);
      try {
        const { size, classes, grid } = file.metadata;
        const { values } = await file.readFloat32('scores');
        return {
          id,
          size: JSON.parse(size) as ScoreMaps['size'],
          classes: JSON.parse(classes) as number[],
          grid: grid as ScoreMaps['grid'],
          data: values,
        };
      } finally {
        await file.close();
      }
    },
  });
}

/** Label maps: one indexed PNG of raw class ids per image, of 8 or 16 bits. */
export function labelMapsOf(stage: string): ImageArtifact<LabelMap> {
  return imageArtifact<LabelMap>(stage, {
    kind: 'labelMaps',
    suffix: '.png',
    write: (path, { height, width, data }) => writeFileAtomic(path, encodeIndexedPng({ height, width, data })),
    read: async (path, id) => {
      const bytes = await readBytes(path);
      const { height, width, data } = decodeIndexedPng(bytes, path);
      return { id, height, width, data };
    },
  });
}

/** Sets of objects: one JSON file per image, masks as run lengths. */
export function instanceSetsOf(stage: string): ImageArtifact<InstanceSet> {
  return imageArtifact<InstanceSet>(stage, {
    kind: 'instanceSets',
    suffix: '.json',
    write: (path, value) => writeJsonAtomic(path, value),
    read: async (path) => (await readJson(path)) as InstanceSet,
  });
}

/** Any JSON value per image. */
export function imageJsonOf<T>(stage: string): ImageArtifact<T> {
  return imageArtifact<T>(stage, {
    kind: 'json',
    suffix: '.json',
    write: (path, value) => writeJsonAtomic(path, value),
    read: async (path) => (await readJson(path)) as T,
  });
}
