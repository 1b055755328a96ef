import { join } from 'node:path';
import { UserError } from '@unseen/core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { decodeImage, decodeImageBytes, imageSize } from './image.ts';
import { writeFiles } from './small-dataset.suite.ts';

const gradient = Uint8Array.from({ length: 40 * 60 * 3 }, (_, i) => (i % 3) * 60 + Math.floor(i / 180));
const raw = () => sharp(gradient, { raw: { height: 40, width: 60, channels: 3 } });

describe('decoding', () => {
  test('lossless files give the exact pixels', async () => {
    for (const bytes of [await raw().png().toBuffer(), await raw().webp({ lossless: true }).toBuffer()]) {
      expect(await decodeImageBytes(bytes, 'x')).toEqual({ height: 40, width: 60, data: gradient });
    }
  });

  test('JPEG is near', async () => {
    const { data } = await decodeImageBytes(await raw().jpeg({ quality: 95 }).toBuffer(), 'x');
    expect(Math.max(...data.map((v, i) => Math.abs(v - gradient[i])))).toBeLessThan(12);
  });

  test('grey is spread, transparency dropped, 16 bits become 8', async () => {
    const grey = await sharp(Uint8Array.of(5, 200), { raw: { height: 1, width: 2, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect([...(await decodeImageBytes(grey, 'x')).data]).toEqual([5, 5, 5, 200, 200, 200]);
    const clear = await sharp(Uint8Array.of(1, 2, 3, 0), { raw: { height: 1, width: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImageBytes(clear, 'x')).data]).toEqual([1, 2, 3]);
    const deep = await raw().toColourspace('rgb16').png().toBuffer();
    expect((await decodeImageBytes(deep, 'x')).data).toEqual(gradient);
  });

  test('images are turned upright, and their size is told so', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'turned.png');
    await writeFiles(folder, { 'turned.png': await raw().withMetadata({ orientation: 6 }).png().toBuffer() });
    const image = await decodeImage(path);
    expect([image.height, image.width]).toEqual([60, 40]);
    expect(await imageSize(path)).toEqual({ height: 60, width: 40 });
    // Turned clockwise: the top left pixel was at bottom left.
    expect([...image.data.subarray(0, 3)]).toEqual([...gradient.subarray(39 * 180, 39 * 180 + 3)]);
  });

  test('missing, truncated and foreign files are told with their name', async () => {
    const jpeg = await raw().jpeg().toBuffer();
    const png = await raw().png().toBuffer();
    const webp = await raw().webp().toBuffer();
    for (const bytes of [jpeg, png, webp]) {
      const cut = decodeImageBytes(bytes.subarray(0, Math.floor(bytes.length * 0.6)), 'cut.img');
      await expect(cut).rejects.toThrow(/cut\.img cannot be read as an image/);
      await expect(cut).rejects.toBeInstanceOf(UserError);
    }
    await expect(decodeImageBytes(Buffer.from('hello'), 'note.txt')).rejects.toThrow(/note\.txt cannot be read/);
    await expect(decodeImageBytes(new Uint8Array(), 'none')).rejects.toThrow(/none cannot be read/);
    await expect(decodeImage('/nowhere/a.jpg')).rejects.toThrow('/nowhere/a.jpg does not exist');
    await expect(decodeImage(temporaryFolder())).rejects.toThrow('is a folder');
  });
});
