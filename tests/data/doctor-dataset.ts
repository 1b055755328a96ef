import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeIndexedPng, type Palette } from '@unseen/formats';
import sharp from 'sharp';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Height and width of the pictures. */
export const [HEIGHT, WIDTH] = [40, 56];

/** A dataset of cats, dogs and skies that are seen, cows and sheep that are not. */
export const PETS = `name: pets
layout: folder
subsets: {train: train.txt, val: val.txt}
ignore: [0]
classes:
  - {id: 1, name: cat, color: [200, 0, 0]}
  - {id: 2, name: dog, color: [0, 200, 0]}
  - {id: 3, name: sky, color: [0, 0, 200]}
  - {id: 4, name: cow, color: [200, 200, 0]}
  - {id: 9, name: sheep, color: [0, 200, 200]}
splits:
  default: {seen: [cat, dog, sky], unseen: [cow, sheep]}
`;

/** Its palette: black, the five classes at their values, grey for the rest. */
export const PALETTE: Palette = Array.from({ length: 256 }, (_, value) => {
  const colors: Record<number, readonly [number, number, number]> = {
    ...{ 0: [0, 0, 0], 1: [200, 0, 0], 2: [0, 200, 0], 3: [0, 0, 200], 4: [200, 200, 0], 9: [0, 200, 200] },
  };
  return colors[value] ?? [128, 128, 128];
});

/** Labels in three upright bands with a void one between the second and the third, in blocks that do not touch. */
export function bands(first: number, second: number, third: number, height = HEIGHT, width = WIDTH): Uint8Array {
  const values = [first, first, second, second, 255, third, third];
  return Uint8Array.from({ length: height * width }, (_, i) => values[Math.floor(((i % width) * 7) / width)]);
}

/** A mask file. */
export function maskFile(data: Uint8Array, palette: Palette | null = PALETTE, width = WIDTH): Uint8Array {
  return encodeIndexedPng({ height: data.length / width, width, data, ...(palette && { palette }) });
}

/** A photo of its own for every number, of smooth waves. */
export function pixels(seed: number, height = HEIGHT, width = WIDTH): Uint8Array {
  return Uint8Array.from({ length: 3 * height * width }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const wave = Math.sin(x * (0.05 + 0.043 * seed) + c) + Math.cos(y * (0.31 - 0.017 * seed) + seed * seed);
    return Math.round(127 + 60 * wave);
  });
}

/** {@link pixels} as JPEG; `orientation` is EXIF's. */
export function photo(
  seed: number,
  { quality = 92, orientation = 1, height = HEIGHT, width = WIDTH } = {},
): Promise<Buffer> {
  return sharp(pixels(seed, height, width), { raw: { height, width, channels: 3 } })
    .withMetadata({ orientation })
    .jpeg({ quality })
    .toBuffer();
}

const PHOTOS = await Promise.all(Array.from({ length: 10 }, (_, i) => photo(i)));

/** Files by name; `null` takes one away. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

/** Writes the dataset without a fault, and the changes to it; gives the path of its YAML. */
export async function writePets(changes: Files = {}): Promise<string> {
  const train = ['t0', 't1', 't2', 't3', 't4', 't5'];
  const val = ['v0', 'v1', 'v2', 'v3'];
  const photos = [...train, ...val].map((id, i) => [`images/${id}.jpg`, PHOTOS[i]] as const);
  const files: Files = {
    'pets.yaml': PETS,
    'train.txt': `${train.join('\n')}\n`,
    'val.txt': `${val.join('\n')}\n`,
    ...Object.fromEntries(photos),
    ...Object.fromEntries(
      train.map((id, i) => [`masks/${id}.png`, maskFile(bands(1 + (i % 3), 1 + ((i + 1) % 3), 3))]),
    ),
    ...Object.fromEntries(
      val.map((id, i) => [`masks/${id}.png`, maskFile(bands(i % 2 ? 4 : 9, 1 + (i % 3), 3 - (i % 2)))]),
    ),
    ...changes,
  };
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    if (content === null) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return join(folder, 'pets.yaml');
}
