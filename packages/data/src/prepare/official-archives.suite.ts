import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { LabelMap, Sample } from '@unseen/core';
import { encodeIndexedPng } from '@unseen/formats';
import { vocPalette } from '@unseen/vision';
import sharp from 'sharp';
import { type Headers, pack } from 'tar-stream';
import { zipBytes } from '../../../formats/src/zip-writer.suite.ts';

/** Files by path. */
export type Files = Record<string, Uint8Array | string>;

/** A photo with its mask. */
export interface Scene {
  readonly id: string;
  readonly jpeg: Uint8Array;
  readonly mask: LabelMap;
}

/** Scenes of a generated dataset, under names of their own. */
export async function scenesOf(samples: readonly Sample[], name: (index: number) => string): Promise<Scene[]> {
  return Promise.all(
    samples.map(async (sample, i) => {
      const { height, width, data } = await sample.image();
      const jpeg = await sharp(data, { raw: { height, width, channels: 3 } })
        .jpeg()
        .toBuffer();
      const mask = await sample.mask!();
      return { id: name(i), jpeg, mask: { ...mask, id: name(i) } };
    }),
  );
}

/** A mask with the palette of VOC. */
export function maskPng({ height, width, data }: LabelMap): Uint8Array {
  return encodeIndexedPng({ height, width, data, palette: vocPalette() });
}

/** A list with one id per line. */
export const listOf = (ids: readonly string[]): string => ids.map((id) => `${id}\n`).join('');

/** A VOC devkit: photos of all scenes, masks of some, and lists. */
export function devkitFiles(
  inside: string,
  scenes: readonly Scene[],
  { lists, masks }: { readonly lists: Readonly<Record<string, readonly string[]>>; readonly masks: readonly string[] },
): Files {
  const files: Files = {};
  for (const { id, jpeg, mask } of scenes) {
    files[`${inside}/JPEGImages/${id}.jpg`] = jpeg;
    if (masks.includes(id)) files[`${inside}/SegmentationClass/${id}.png`] = maskPng(mask);
    files[`${inside}/Annotations/${id}.xml`] = `<annotation><filename>${id}.jpg</filename></annotation>`;
  }
  for (const [name, ids] of Object.entries(lists)) files[`${inside}/ImageSets/${name}.txt`] = listOf(ids);
  return files;
}

/** A tar archive, packed where its name says so. Further headers are written as they are given. */
export async function writeTar(path: string, files: Files, headers: readonly Headers[] = []): Promise<void> {
  const tar = pack();
  for (const header of headers) tar.entry(header, '');
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, Buffer.from(content));
  tar.finalize();
  await mkdir(dirname(path), { recursive: true });
  if (/gz$/.test(path)) await pipeline(tar, createGzip(), createWriteStream(path));
  else await pipeline(tar, createWriteStream(path));
}

/** A zip archive. */
export async function writeZip(path: string, files: Files): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, zipOf(files));
}

/** The bytes of a zip archive. */
export function zipOf(files: Files): Buffer {
  return zipBytes(
    Object.entries(files).map(([name, content]) => ({
      name,
      content: Buffer.from(content),
      compress: !/\.(jpg|png|zip)$/.test(name),
    })),
  );
}

/** Files below a folder. */
export async function writeAll(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** All files below a folder with their bytes. */
export async function readAll(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.sort().map((path) => readFile(path, 'base64')));
  return new Map(paths.map((path, i) => [path.slice(folder.length + 1), contents[i]]));
}
