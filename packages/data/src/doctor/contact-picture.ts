import { type LabelMap, type RgbImage, readBytes, UserError } from '@unseen/core';
import { decodeRgbPng, fileKind } from '@unseen/formats';
import { type Color, overlay, resizeNearest } from '@unseen/vision';
import sharp from 'sharp';
import { decodeImage, decodeImageBytes } from '../image.ts';
import type { Subset } from '../layouts/listing.ts';
import { isUnequal } from './checks/sizes.ts';
import { classOf, type DatasetFacts, type EntryFacts, type MaskFacts } from './facts.ts';

/** Where a picture comes from: a file or a generated dataset. */
export interface PictureSource {
  readonly imagePath?: string | undefined;
  readonly image?: () => Promise<RgbImage>;
  readonly rawMask?: (() => Promise<LabelMap>) | undefined;
}

/** A small picture as a file. */
export interface EncodedPicture {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** An image of the contact sheet with its labels painted over it. */
export interface ContactPicture {
  readonly subset: Subset;
  readonly id: string;
  readonly photo: EncodedPicture;
  readonly labelled: EncodedPicture;
  /** Ids of the classes in it, the largest first. */
  readonly classes: readonly number[];
  /** Shares of its pixels that are unlabelled, and that have a value that no class has. */
  readonly unlabelled: number;
  readonly unknown: number;
  /** What to know about the picture, such as that the mask was stretched. */
  readonly remark?: string;
}

/** Longer side of pictures, in pixels. */
const LONG_SIDE = 320;
/** Colour of values that no class has. */
export const UNKNOWN_COLOR: Color = [255, 0, 255];

/** Draws a small image and its overlay. The mask is stretched to the image where their sizes differ. */
export async function pictureOf(
  entry: EntryFacts,
  source: PictureSource,
  facts: DatasetFacts,
): Promise<ContactPicture> {
  const { id, subset, mask } = entry;
  const photo = await smallPhoto(source);
  const { height, width } = photo;
  if (!hasIds(mask!)) {
    const picture = await maskPicture(entry.maskPath!);
    return {
      ...{ subset, id, classes: [], unlabelled: 0, unknown: 0, remark: 'the mask itself: it has no class ids' },
      photo: await encode(photo),
      labelled: await encode(resizeNearest(picture, height, width)),
    };
  }
  if (!source.rawMask) throw new UserError({ given: `image '${id}' has no mask` });
  const labels = resizeNearest(await source.rawMask(), height, width);
  const classes = new Map(facts.classes.map((info) => [info.id, info.color]));
  const colors = new Map<number, Color>();
  const pixels = { unlabelled: 0, unknown: 0 };
  for (const [value, count] of mask!.values) {
    const found = classOf(facts, value);
    if (found !== undefined) colors.set(value, classes.get(found)!);
    else if (facts.ignore.has(value)) pixels.unlabelled += count;
    else {
      pixels.unknown += count;
      colors.set(value, UNKNOWN_COLOR);
    }
  }
  const area = mask!.height * mask!.width;
  const bySize = mask!.values.toSorted((a, b) => b[1] - a[1]);
  return {
    subset,
    id,
    photo: await encode(photo),
    labelled: await encode(overlay(photo, labels, { colors })),
    classes: [...new Set(bySize.flatMap(([value]) => classOf(facts, value) ?? []))],
    unlabelled: pixels.unlabelled / area,
    unknown: pixels.unknown / area,
    ...(isUnequal(entry) && {
      remark: `mask ${mask!.height}x${mask!.width}, image ${entry.image!.height}x${entry.image!.width}`,
    }),
  };
}

/** A mask that is a picture, whatever it holds. */
async function maskPicture(path: string): Promise<RgbImage> {
  const bytes = await readBytes(path);
  return fileKind(bytes) === 'PNG' ? decodeRgbPng(bytes, path, { lossy: true }) : decodeImageBytes(bytes, path);
}

function hasIds({ colors, kind }: MaskFacts): boolean {
  return !colors && kind !== 'jpeg';
}

async function smallPhoto({ imagePath, image }: PictureSource): Promise<RgbImage> {
  const photo = image ? await image() : await decodeImage(imagePath!);
  const { data, info } = await rawSharp(photo)
    .resize(LONG_SIDE, LONG_SIDE, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { height: info.height, width: info.width, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Photos as JPEG; small pictures, whose pixels are visible, as PNG. */
async function encode(picture: RgbImage): Promise<EncodedPicture> {
  const { height, width } = picture;
  const small = Math.max(height, width) < LONG_SIDE / 2;
  const sheet = rawSharp(picture);
  const bytes = await (small ? sheet.png() : sheet.jpeg({ quality: 80, chromaSubsampling: '4:4:4' })).toBuffer();
  return { type: small ? 'image/png' : 'image/jpeg', bytes, height, width };
}

function rawSharp({ height, width, data }: RgbImage) {
  return sharp(data, { raw: { height, width, channels: 3 } });
}
