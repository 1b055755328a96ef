import { messageOf, type RgbImage, readBytes, UserError } from '@unseen/core';
import sharp from 'sharp';

/**
 * Decodes a photo (JPEG, PNG, WebP, TIFF, GIF, AVIF) to 8-bit RGB upright (EXIF), grey
 * as three equal channels, without alpha. Missing, truncated and unreadable files are {@link UserError}s.
 */
export async function decodeImage(path: string): Promise<RgbImage> {
  return decodeImageBytes(await readBytes(path), path);
}

/** {@link decodeImage} of bytes in memory; `name` stands for them in messages. */
export async function decodeImageBytes(bytes: Uint8Array, name: string): Promise<RgbImage> {
  try {
    const { data, info } = await openImage(bytes)
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
  const bytes = await readBytes(path);
  try {
    const { autoOrient } = await openImage(bytes).metadata();
    return { height: autoOrient.height, width: autoOrient.width };
  } catch (error) {
    throw unreadable(path, error);
  }
}

function openImage(bytes: Uint8Array) {
  // Colour profiles are ignored, as by the tools that published weights were trained with.
  return sharp(bytes, { failOn: 'error', ignoreIcc: true });
}

function unreadable(name: string, error: unknown): UserError {
  return new UserError(
    {
      given: `${name} cannot be read as an image (${messageOf(error).trim().split('\n')[0]})`,
      expected: 'a whole JPEG, PNG, WebP, TIFF, GIF or AVIF file',
      remedy: 'replace the file, or remove it from the list',
    },
    { cause: error },
  );
}
