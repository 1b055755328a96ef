import { stat } from 'node:fs/promises';
import { type LabelMap, linkOrCopy, UserError, writeFileAtomic } from '@unseen/core';
import { encodeIndexedPng, findMatArray, type Palette, readMat, readRowMajor } from '@unseen/formats';
import { imageSize } from '../image.ts';
import { type MaskValues, readRawMask, toLabelMap } from '../mask.ts';
import { readPanopticMask } from '../panoptic.ts';
import type { ImageTask, MaskSource, ValueTable } from './converter.ts';

/** What all images of a dataset have in common. Plain data: it travels to the threads. */
export interface ImageJob {
  readonly values: MaskValues;
  readonly palette: Palette;
  readonly table?: ValueTable;
}

/** What was made of one image. */
export interface ImageResult {
  readonly id: string;
  /** Pixels by stored value, in increasing order; unlabelled ones are under 255 (65535 in 16 bits). */
  readonly counts: readonly (readonly [value: number, pixels: number])[];
  /** Paths and sizes in bytes of all that was written. */
  readonly outputs: readonly (readonly [path: string, bytes: number])[];
}

/**
 * Copies the files of an image and makes its mask. A mask that differs in size from its image and a value that no class
 * has are {@link UserError}s; then nothing is written for the image.
 */
export async function convertImage(task: ImageTask, job: ImageJob): Promise<ImageResult> {
  const { mask } = task;
  const raw = mask && (await readSource(task, mask, job));
  if (raw && mask) {
    const { height, width } = await imageSize(task.image);
    if (raw.height !== height || raw.width !== width) {
      throw new UserError({
        given: `${mask.from} is ${raw.height}x${raw.width}, its image ${task.image} is ${height}x${width} (height x width)`,
        expected: 'the same size',
      });
    }
    toLabelMap(raw, mask.from, job.values);
    if (isKept(mask.source, job)) await linkOrCopy(mask.from, mask.to);
    else await writeFileAtomic(mask.to, encode(raw, job.palette));
  }
  for (const { from, to } of task.files) await linkOrCopy(from, to);
  const paths = [...task.files.map(({ to }) => to), ...(mask ? [mask.to] : [])];
  const outputs = await Promise.all(paths.map(async (path) => [path, (await stat(path)).size] as const));
  return { id: task.id, counts: raw ? countValues(raw) : [], outputs };
}

function isKept(source: MaskSource, { table }: ImageJob): boolean {
  if (source.kind === 'panoptic') return source.keep;
  return source.kind === 'png' && !table;
}

async function readSource(
  { id }: ImageTask,
  { from, source }: NonNullable<ImageTask['mask']>,
  job: ImageJob,
): Promise<LabelMap> {
  if (source.kind === 'panoptic') {
    const raw = await readPanopticMask(from, id, new Map(source.segments));
    return source.keep ? raw : withoutHoles(raw, job.values);
  }
  if (source.kind === 'png') {
    const raw = await readRawMask(from, id);
    return job.table ? mapped(raw.data, raw, job.table, from) : raw;
  }
  const names = [source.variable.split('.')[0]];
  const { shape, values } = await readRowMajor(findMatArray(await readMat(from, { names }), source.variable, from));
  if (shape.length !== 2) {
    throw new UserError({
      given: `${from}: '${source.variable}' has the shape ${shape.join(' x ')}`,
      expected: 'a mask',
    });
  }
  const [height, width] = shape;
  return mapped(values as ArrayLike<number | bigint>, { id, height, width }, job.table, from);
}

/** Stored values mapped by the table; without one they stay, and must fit into 16 bits. */
function mapped(
  stored: ArrayLike<number | bigint>,
  image: Omit<LabelMap, 'data'>,
  table: ValueTable | undefined,
  path: string,
): LabelMap {
  const known = table && new Map(table.values);
  const data = new Uint16Array(stored.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(stored[i]);
    const result = known ? (known.get(value) ?? table?.other) : value;
    if (result === undefined || !Number.isInteger(value) || result < 0 || result > 0xffff) {
      throw new UserError({
        given: `${path} has the value ${value} at row ${Math.floor(i / image.width)}, column ${i % image.width}`,
        expected: known
          ? `one of the values ${[...known.keys()].slice(0, 3).join(', ')}, …`
          : 'a whole number of 16 bits',
      });
    }
    data[i] = result;
  }
  const narrow = data.every((value) => value <= 0xff);
  return { ...image, data: narrow ? Uint8Array.from(data) : data };
}

/** Category ids, with 0 where there is none; in 8 bits where all classes fit. */
function withoutHoles(raw: LabelMap, { classes }: MaskValues): LabelMap {
  const wide = [...classes].some((id) => id > 0xfe);
  const data = wide ? new Uint16Array(raw.data.length) : new Uint8Array(raw.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = raw.data[i] === 0xffff ? 0 : raw.data[i];
    // A value that does not fit is not a class either: the caller reports it.
    if (!wide && value > 0xff) return { ...raw, data: raw.data.map((v) => (v === 0xffff ? 0 : v)) };
    data[i] = value;
  }
  return { ...raw, data };
}

function encode({ height, width, data }: LabelMap, palette: Palette): Uint8Array {
  return encodeIndexedPng({ height, width, data, ...(data instanceof Uint8Array && { palette }) });
}

function countValues({ data }: LabelMap): [number, number][] {
  const counts = new Uint32Array(0x10000);
  for (const value of data) counts[value]++;
  return [...counts].flatMap((pixels, value): [number, number][] => (pixels > 0 ? [[value, pixels]] : []));
}
