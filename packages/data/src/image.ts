import { DamagedFile, messageOf, type RgbImage, readBytes, UserError } from '@unseen/core';
import { fileKind, MOST_PIXELS } from '@unseen/formats';
import sharp, { type Sharp } from 'sharp';
import { decodeUnusual, isUnusual, requireBands, requireRgb } from './unusual-image.ts';

/**
 * Decodes a photo (JPEG, PNG, WebP, TIFF, GIF, AVIF; told by its content) to 8-bit RGB upright (EXIF), grey as three equal
 * channels, without alpha and further bands; of animations the first picture. Missing, truncated and
 * unreadable files are {@link UserError}s, and so are those whose values cannot be told as 8 bits: floating-point numbers,
 * 16 bits of which the upper 8 are empty, four bands and more without named colours, stacks.
 */
export async function decodeImage(path: string): Promise<RgbImage> {
  return decodeImageBytes(await readBytes(path), path);
}

/** {@link decodeImage} of bytes in memory; `name` stands for them in messages. */
export async function decodeImageBytes(bytes: Uint8Array, name: string): Promise<RgbImage> {
  const picture = openImage(bytes, name);
  try {
    if (isUnusual(bytes)) {
      requireRgb(bytes, name);
      return await decodeUnusual(picture, name, (n) => openImage(bytes, name, n));
    }
    const { data, info } = await picture
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { height: info.height, width: info.width, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Height and width of what {@link decodeImage} returns, read from the file's header. */
export async function imageSize(path: string): Promise<{ height: number; width: number }> {
  const { height, width } = await imageHeader(await readBytes(path), path);
  return { height, width };
}

/** What the header of an image says: the size of the upright picture, and EXIF's orientation (1 … 8). */
export async function imageHeader(
  bytes: Uint8Array,
  name: string,
): Promise<{ readonly height: number; readonly width: number; readonly orientation: number }> {
  const picture = openImage(bytes, name);
  try {
    const header = await picture.metadata();
    if (isUnusual(bytes)) {
      requireRgb(bytes, name);
      requireBands(header, name);
    }
    const { autoOrient, orientation = 1 } = header;
    return { height: autoOrient.height, width: autoOrient.width, orientation };
  } catch (error) {
    throw unreadable(name, error);
  }
}

const READABLE = ['JPEG', 'PNG', 'WebP', 'TIFF', 'GIF', 'AVIF'];
const EXPECTED = 'a whole JPEG, PNG, WebP, TIFF, GIF or AVIF file';
const REPLACE = 'replace the file, or remove it from the list';

/** The decoder of an image, or of another picture of its file, if it is of a format that is read: others (SVG) may take any time and memory. */
export function openImage(bytes: Uint8Array, name: string, page = 0): Sharp {
  const kind = fileKind(bytes);
  if (kind !== undefined && READABLE.includes(kind)) {
    // Colour profiles are ignored, as by the tools that published weights were trained with.
    return sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: MOST_PIXELS, page });
  }
  const what =
    bytes.length === 0 ? 'it is empty' : kind === undefined ? 'it is of no known format' : `the file is ${kind}`;
  const given = `${name} cannot be read as an image (${what})`;
  if (kind !== undefined) {
    const isPacked = kind === 'ZIP' || kind === 'gzip';
    throw new UserError({ given, expected: EXPECTED, remedy: isPacked ? 'unpack it' : 'save as PNG' });
  }
  throw new DamagedFile({ given, expected: EXPECTED, remedy: REPLACE });
}

/** A failure of the decoder in the words of {@link UserError}. */
export function unreadable(name: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const reason = messageOf(error).trim().split('\n')[0].replace(/:$/, '');
  if (/pixel limit/.test(reason)) {
    return new UserError(
      {
        given: `${name} has more than ${MOST_PIXELS.toLocaleString('en')} pixels`,
        expected: 'at most as many',
        remedy: 'cut it into tiles, or make it smaller',
      },
      { cause: error },
    );
  }
  return new DamagedFile(
    {
      given: `${name} cannot be read as an image (${reason})`,
      expected: EXPECTED,
      remedy: REPLACE,
    },
    { cause: error },
  );
}
