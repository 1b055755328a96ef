import { createHash } from 'node:crypto';
import { type RgbImage, readBytes } from '@unseen/core';
import sharp from 'sharp';
import { decodeImageBytes, imageHeader, openImage, unreadable } from '../image.ts';
import { isUnusual } from '../unusual-image.ts';
import { type PictureFacts, THUMBNAIL } from './facts.ts';

/**
 * The facts of an image file: from its header (`quick`), or by decoding all of it, which finds truncated files. An
 * unreadable one is a {@link UserError}.
 */
export async function pictureFacts(path: string, { quick }: { readonly quick: boolean }): Promise<PictureFacts> {
  const bytes = await readBytes(path);
  const header = await imageHeader(bytes, path);
  const facts = { ...header, bytes: createHash('sha256').update(bytes).digest('hex') };
  if (quick) return facts;
  const thumbnail = await thumbnailOf(bytes, path);
  // What cannot be seen in it need not be decoded.
  const isSuspicious = Math.max(...thumbnail) - Math.min(...thumbnail) <= FLAT || Math.max(...thumbnail) < DARK;
  const blank = isSuspicious ? blankness(await decodeImageBytes(bytes, path)) : undefined;
  return { ...facts, thumbnail, ...(blank && { blank }) };
}

async function thumbnailOf(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    const picture = isUnusual(bytes)
      ? rawSharp(await decodeImageBytes(bytes, path))
      : openImage(bytes, path).autoOrient();
    const small = picture.flatten().greyscale().resize(THUMBNAIL.width, THUMBNAIL.height, { fit: 'fill' });
    return new Uint8Array(await small.raw({ depth: 'uchar' }).toBuffer());
  } catch (error) {
    throw unreadable(path, error);
  }
}

function rawSharp({ height, width, data }: RgbImage) {
  return sharp(data, { raw: { height, width, channels: 3 } });
}

/** Differences of levels that compression makes of one colour, and levels that look black. */
const [FLAT, DARK] = [4, 16];

function blankness({ data }: RgbImage): PictureFacts['blank'] {
  const [least, most] = [[255, 255, 255], [0, 0, 0]]; // biome-ignore format: two colours
  for (let i = 0; i < data.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const value = data[i + c];
      if (value < least[c]) least[c] = value;
      if (value > most[c]) most[c] = value;
    }
  }
  if (most.every((value, c) => value - least[c] <= FLAT)) return 'of one colour';
  return Math.max(...most) < DARK ? 'nearly black' : undefined;
}
