import { type RgbImage, UserError } from '@unseen/core';
import { fileKind } from '@unseen/formats';
import type { Metadata, Sharp } from 'sharp';

/** Whether an image may hold something else than 8-bit grey or RGB, so that its header has to be looked at. */
export function isUnusual(bytes: Uint8Array): boolean {
  switch (fileKind(bytes)) {
    case 'TIFF':
      return true;
    case 'PNG':
      // Bits of a channel in the header.
      return bytes[24] === 16;
    case 'JPEG':
      return componentsOf(bytes) === 4;
    default:
      return false;
  }
}

/** Components in the frame header of a JPEG; `undefined` if it has none. */
function componentsOf(bytes: Uint8Array): number | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    // C4, C8 and CC are no frames.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return bytes[at + 9];
    at += 2 + (bytes[at + 2] << 8) + bytes[at + 3];
  }
  return undefined;
}

type Header = Pick<Metadata, 'space' | 'channels' | 'depth'>;

const isGrey = ({ space }: Header) => space === 'b-w' || space === 'grey16';
/** Three bands whose colours the file does not name, as geographic tools write RGB. */
const isPlainRgb = (header: Header) => isGrey(header) && header.channels === 3;

/** Refuses images whose values cannot be told as 8-bit grey or RGB. */
export function requireBands(header: Header, name: string): void {
  const { channels, depth, space } = header;
  if (depth !== 'uchar' && depth !== 'ushort') {
    const what = depth === 'float' || depth === 'double' ? 'floating-point numbers' : `numbers of the type ${depth}`;
    throw new UserError({
      given: `${name} holds ${what}, of which nothing says what is black and what is white`,
      expected: '8 or 16 bits per channel',
      remedy: 'scale all images in the same way and save them with 8 bits',
    });
  }
  if (isGrey(header) && channels > 3) {
    throw new UserError({
      given: `${name} has ${channels} bands without colours`,
      expected: 'grey, or red, green and blue',
      remedy: 'save three bands as an RGB picture, or name the colours in the file (its photometric interpretation)',
    });
  }
  if (space === 'cmyk' && depth === 'ushort') {
    throw new UserError({
      given: `${name} is CMYK with 16 bits`,
      expected: 'RGB, or CMYK with 8 bits',
      remedy: 'save as RGB',
    });
  }
}

const [COMPRESSION, PHOTOMETRIC] = [259, 262];
const YCC = 6;
const JPEG = [6, 7];

/** Refuses TIFFs in YCbCr, unless they hold a JPEG: their numbers would be taken for red, green and blue. */
export function requireRgb(bytes: Uint8Array, name: string): void {
  if (fileKind(bytes) !== 'TIFF' || bytes.length < 8) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0x49;
  const first = view.getUint32(4, isLittle);
  // BigTIFF has another version, and other places.
  if (view.getUint16(2, isLittle) !== 42 || first + 2 > bytes.length) return;
  const tags = new Map<number, number>();
  const count = view.getUint16(first, isLittle);
  for (let at = first + 2; at < first + 2 + 12 * count && at + 12 <= bytes.length; at += 12) {
    tags.set(view.getUint16(at, isLittle), view.getUint16(at + 8, isLittle));
  }
  if (tags.get(PHOTOMETRIC) !== YCC || JPEG.includes(tags.get(COMPRESSION) ?? 1)) return;
  throw new UserError({ given: `${name} is YCbCr without JPEG compression`, expected: 'RGB', remedy: 'save as RGB' });
}

/** Refuses stacks: of several pictures that are alike, none can be told from the others. Smaller copies and masks are none. */
function requireOne(first: Metadata, second: Metadata, name: string): void {
  const keys = ['width', 'height', 'channels', 'depth', 'bitsPerSample'] as const;
  if (keys.some((key) => first[key] !== second[key])) return;
  throw new UserError({
    given: `${name} is a stack of ${first.pages} pictures`,
    expected: 'one picture',
    remedy: 'save the picture that is meant, or its bands as the channels of one picture',
  });
}

/** Decodes an image of {@link isUnusual}; `page` opens another picture of the same file. */
export async function decodeUnusual(picture: Sharp, name: string, page: (n: number) => Sharp): Promise<RgbImage> {
  const header = await picture.metadata();
  requireBands(header, name);
  if ((header.pages ?? 1) > 1) requireOne(header, await page(1).metadata(), name);
  const upright = picture.autoOrient();
  if (header.space === 'cmyk') return fromCmyk(upright);
  if (isPlainRgb(header)) return from16Bits(upright, name, { is16: header.depth === 'ushort', bands: [0, 3, 4] });
  if (header.depth === 'ushort') return from16Bits(upright.removeAlpha(), name, { is16: true, bands: [0, 1, 2] });
  const { data, info } = await upright
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  // Bands after red, green and blue.
  return { height: info.height, width: info.width, data: pick(data, info.channels, [0, 1, 2], (v) => v) };
}

/** Without a profile, as Pillow does it. */
async function fromCmyk(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const pixels = info.height * info.width;
  const rgb = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    const light = 255 - data[info.channels * i + 3];
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = light - Math.round((data[info.channels * i + c] * light) / 255);
  }
  return { height: info.height, width: info.width, data: rgb };
}

/** The upper 8 of 16 bits. A grey picture of several bands becomes its first band three times, then the others. */
async function from16Bits(
  picture: Sharp,
  name: string,
  { is16, bands }: { readonly is16: boolean; readonly bands: readonly [number, number, number] },
): Promise<RgbImage> {
  const { data, info } = await picture
    .toColourspace('rgb16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  if (is16) requireRange(values, name);
  return { height: info.height, width: info.width, data: pick(values, info.channels, bands, (v) => v >> 8) };
}

/** Pictures of 8 bits in files of 16 would be black. */
function requireRange(values: Uint16Array, name: string): void {
  let most = 0;
  for (let i = 0; i < values.length && most <= 0xff; i++) if (values[i] > most) most = values[i];
  if (most === 0 || most > 0xff) return;
  throw new UserError({
    given: `${name} has 16 bits per channel, but its values are 0 … ${most}: it would be black`,
    expected: 'values up to 65535',
    remedy: 'save with 8 bits and the same values',
  });
}

function pick(
  values: Uint8Array | Uint16Array,
  channels: number,
  [r, g, b]: readonly [number, number, number],
  scale: (value: number) => number,
): Uint8Array {
  const pixels = values.length / channels;
  const rgb = new Uint8Array(3 * pixels);
  for (let i = 0, at = 0; i < pixels; i++, at += channels) {
    rgb[3 * i] = scale(values[at + r]);
    rgb[3 * i + 1] = scale(values[at + g]);
    rgb[3 * i + 2] = scale(values[at + b]);
  }
  return rgb;
}
