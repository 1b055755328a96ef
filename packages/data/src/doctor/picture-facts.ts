import { createHash } from 'node:crypto';
import { messageOf, readBytes, UserError } from '@unseen/core';
import sharp from 'sharp';
import { type PictureFacts, THUMBNAIL } from './facts.ts';

/**
 * The facts of an image file: from its header (`quick`), or by decoding all of it, which finds truncated files. An
 * unreadable one is a {@link UserError}.
 */
export async function pictureFacts(path: string, { quick }: { readonly quick: boolean }): Promise<PictureFacts> {
  const bytes = await readBytes(path);
  try {
    const picture = sharp(bytes, { failOn: 'error', ignoreIcc: true });
    const { autoOrient, orientation = 1 } = await picture.metadata();
    const { width, height } = autoOrient;
    const facts = { height, width, orientation, bytes: createHash('sha256').update(bytes).digest('hex') };
    if (quick) return facts;
    const small = picture.autoOrient().flatten().greyscale().resize(THUMBNAIL.width, THUMBNAIL.height, { fit: 'fill' });
    return { ...facts, thumbnail: new Uint8Array(await small.raw({ depth: 'uchar' }).toBuffer()) };
  } catch (error) {
    throw new UserError(
      { given: `${path} cannot be read as an image (${messageOf(error).trim().split('\n')[0]})` },
      { cause: error },
    );
  }
}
