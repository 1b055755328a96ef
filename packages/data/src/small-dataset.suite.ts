import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeIndexedPng, encodeRgbPng } from '@unseen/formats';
import { vocPalette } from '@unseen/vision';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';

/** Writes files below a folder, which is made as needed. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** An image of one colour. */
export function plainImage(height: number, width: number, value = 100): Uint8Array {
  return encodeRgbPng({ height, width, data: new Uint8Array(3 * height * width).fill(value) });
}

/** A mask with the given values. */
export function maskOf(height: number, width: number, values: readonly number[]): Uint8Array {
  return encodeIndexedPng({ height, width, data: Uint8Array.from(values), palette: vocPalette() });
}

/** YAML of a folder dataset with the classes cat 1, dog 2, sky 3 and cow 4. */
export const SMALL_YAML = `name: small
layout: folder
subsets: {train: train.txt, val: val.txt}
ignore: [0]
classes:
  - {id: 1, name: cat}
  - {id: 2, name: dog, color: [1, 2, 3], wordRow: 7}
  - {id: 3, name: sky}
  - {id: 4, name: cow}
splits:
  default: {seen: [dog, 1], unseen: [cow]}
  other: {seen: [sky], unseen: [cat, dog]}
`;

/** A folder dataset of two training images and one test image, 2 by 3. */
export async function smallDataset(changes: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const folder = temporaryFolder();
  await writeFiles(folder, {
    'small.yaml': SMALL_YAML,
    'train.txt': 'a\nb\n',
    'val.txt': 'c\n',
    'images/a.png': plainImage(2, 3),
    'images/b.png': plainImage(2, 3, 7),
    'images/c.png': plainImage(2, 3),
    'masks/a.png': maskOf(2, 3, [1, 2, 3, 4, 0, 255]),
    'masks/b.png': maskOf(2, 3, [1, 1, 1, 1, 1, 1]),
    'masks/c.png': maskOf(2, 3, [4, 4, 2, 2, 1, 1]),
    ...changes,
  });
  return join(folder, 'small.yaml');
}
