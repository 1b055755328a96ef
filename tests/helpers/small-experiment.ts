import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeIndexedPng, encodeRgbPng } from '@unseen/formats';

const INSTANT = join(import.meta.dirname, '../../experiments/cagnet/toy-instant.yaml');
const BACKBONE = join(import.meta.dirname, '../../experiments/pretrain/toy-backbone.safetensors');

/** Height and width of the images. */
export const SIDE = 24;

const EXPERIMENT = `extends: ${INSTANT}
name: small
data: { dataset: ./small.yaml, size: [16, 16] }
backbone: { weights: ${BACKBONE} }
embeddings: { table: ./table.yaml }
train: { batch: 2 }
finetune: { batch: 2 }
`;

const DATASET = `name: small
layout: folder
subsets: { train: train.txt, val: val.txt }
classes:
  - { id: 1, name: cat }
  - { id: 2, name: dog }
  - { id: 5, name: lynx, color: [10, 20, 30] }
splits:
  default: { seen: [cat, dog], unseen: [lynx] }
`;

const TABLE = `name: small
sources: [{ name: vectors, file: vectors.vec }]
classes:
  - { id: 1, name: cat }
  - { id: 2, name: dog }
  - { id: 5, name: lynx }
`;

/** A mask in three columns of the given values. */
export function stripes(values: readonly number[], side = SIDE): Uint8Array {
  const data = Uint8Array.from({ length: side * side }, (_, i) => values[Math.floor(((i % side) * 3) / side)]);
  return encodeIndexedPng({ height: side, width: side, data });
}

/** A photo with a gradient of its own. */
export function photo(seed: number, height = SIDE, width = SIDE): Uint8Array {
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) => (i * (7 + seed)) % 251);
  return encodeRgbPng({ height, width, data });
}

/** Writes files below a folder, which is made as needed. */
export async function writeFiles(dir: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
}

/** Writes an experiment, `small.exp.yaml`, on a dataset of four training and two test images; a run takes seconds. */
export async function writeSmallExperiment(
  dir: string,
  changes: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<void> {
  const train = ['a', 'b', 'c', 'd'];
  const val = ['e', 'f'];
  const ids = [...train, ...val];
  await writeFiles(dir, {
    'small.exp.yaml': EXPERIMENT,
    'small.yaml': DATASET,
    'table.yaml': TABLE,
    'vectors.vec': 'cat 1 0 0.5\ndog 0 1 0.5\nlynx 0.9 0.1 0.4\n',
    'train.txt': train.join('\n'),
    'val.txt': val.join('\n'),
    ...Object.fromEntries(ids.map((id, i) => [`images/${id}.png`, photo(i)])),
    ...Object.fromEntries(train.map((id) => [`masks/${id}.png`, stripes([1, 2, 5])])),
    ...Object.fromEntries(val.map((id) => [`masks/${id}.png`, stripes([5, 1, 2])])),
    ...changes,
  });
}
