// Puts the first pictures of a finished run side by side: photo | truth | seen only | CaGNet, for the README.
// node scripts/toy-picture.mjs RUN OUT.png
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const [run, out] = process.argv.slice(2);
const KINDS = ['image', 'truth', 'seen-only', 'cagnet'];
const SIDE = 128;
const GAP = 6;
const panels = join(run, 'panels');
const ids = (await readdir(panels)).flatMap((file) => file.match(/^(.*)\.image\.png$/)?.[1] ?? []).slice(0, 6);
const tiles = await Promise.all(
  ids.flatMap((id, row) =>
    KINDS.map(async (kind, column) => ({
      input: await sharp(await readFile(join(panels, `${id}.${kind}.png`)))
        .resize(SIDE, SIDE, { kernel: 'nearest' })
        .toBuffer(),
      left: ((row % 2) * KINDS.length + column) * (SIDE + GAP) + (row % 2) * GAP,
      top: Math.floor(row / 2) * (SIDE + GAP),
    })),
  ),
);
const width = 2 * KINDS.length * (SIDE + GAP);
const height = Math.ceil(ids.length / 2) * (SIDE + GAP) - GAP;
const picture = sharp({ create: { width, height, channels: 3, background: '#ffffff' } }).composite(tiles);
await writeFile(out, await picture.png({ palette: true }).toBuffer());
