import { encodeRgbPng } from '@unseen/formats';
import { resizeBilinear } from '@unseen/vision';
import sharp from 'sharp';
import { bands, type Files, HEIGHT, maskFile, PALETTE, PETS, photo, pixels, WIDTH } from './doctor-dataset.ts';

/** A fault that is planted, and what the doctor says of it. */
export interface Fault {
  readonly check: string;
  readonly severity?: 'error' | 'warning' | 'note';
  readonly files: () => Promise<Files> | Files;
  /** What the finding must say, of found, examples and fix. */
  readonly says: RegExp;
}

/** A mask as a colour picture. */
export const painted = (data: Uint8Array) =>
  encodeRgbPng({ height: HEIGHT, width: WIDTH, data: Uint8Array.from([...data].flatMap((value) => PALETTE[value])) });

/** The class table that counts from 0, without an ignored value; its masks hold 0 … 4. */
const FROM_ZERO = PETS.replace('ignore: [0]\n', '').replace(
  /id: (\d)/g,
  (_, id) => `id: ${id === '9' ? 4 : Number(id) - 1}`,
);
const fromZero = (shift: number, only?: string): Files => {
  const values = { t0: [0, 1, 2], t1: [1, 2, 0], t2: [0, 1, 2], t3: [0, 1, 2], t4: [0, 1, 2], t5: [0, 1, 2] };
  const tests = { v0: [3, 0, 4], v1: [4, 1, 3], v2: [3, 2, 4], v3: [4, 0, 1] };
  const masks = Object.entries({ ...values, ...tests }).map(([id, [a, b, c]]) => {
    const by = only === undefined || only === id ? shift : 0;
    return [`masks/${id}.png`, maskFile(bands(a + by, b + by, c + by), null)] as const;
  });
  return { 'pets.yaml': FROM_ZERO, ...Object.fromEntries(masks) };
};

/** Faults of files, masks, values and classes, by name. */
export const maskFaults: Readonly<Record<string, Fault>> = {
  'a value that no class has': {
    check: 'unknown-value',
    files: () => ({ 'masks/t1.png': maskFile(bands(1, 77, 3)) }),
    says: /1 value in 1 mask belongs to no class: 77 \(640 pixels\).*t1\.png: value 77.*'classes' or 'ignore'/s,
  },
  'a listed image without its file': {
    check: 'image-missing',
    files: () => ({ 'images/t2.jpg': null }),
    says: /1 image in the list of train has no image file in .*images.*t2.*remove the ids from the list/s,
  },
  'a listed image without its mask': {
    check: 'mask-missing',
    files: () => ({ 'masks/v2.png': null }),
    says: /1 image in the list of val has no mask in .*masks.*v2/s,
  },
  'a mask that is there as JPEG only': {
    check: 'mask-missing',
    files: async () => ({ 'masks/v2.png': null, 'masks/v2.jpg': await photo(3) }),
    says: /v2.*masks again as PNG.*JPEG does not preserve class ids/s,
  },
  'a mask that is there as TIFF only': {
    check: 'mask-missing',
    files: () => ({ 'masks/v2.png': null, 'masks/v2.tif': 'not read' }),
    says: /v2.*save the masks as 8-bit grey or palette PNG.*for 1 of these ids, such as .*v2\.tif/s,
  },
  'a mask on no list': {
    check: 'mask-not-listed',
    severity: 'note',
    files: () => ({ 'masks/spare.png': maskFile(bands(1, 2, 3)) }),
    says: /1 mask file is in neither list.*spare\.png/s,
  },
  'an image without a mask': {
    check: 'image-without-mask',
    severity: 'note',
    files: async () => ({ 'images/spare.jpg': await photo(30) }),
    says: /1 image in neither list has no mask.*spare\.jpg/s,
  },
  'a mask of another size': {
    check: 'size-mismatch',
    files: () => ({ 'masks/t3.png': maskFile(bands(1, 2, 3, HEIGHT - 1)) }),
    says: /t3: image 40x56, mask 39x56.*redraw/s,
  },
  'a mask in the colours of the classes': {
    check: 'color-mask',
    files: () => ({ 'masks/t0.png': painted(bands(1, 2, 3).map((v) => (v === 255 ? 0 : v))) }),
    says: /1 mask is a colour picture in the colours of the classes.*t0\.png.*replace each colour/s,
  },
  'a mask in other colours': {
    check: 'color-mask',
    files: () => ({ 'masks/t0.png': encodeRgbPng({ height: HEIGHT, width: WIDTH, data: pixels(5) }) }),
    says: /colours that are not those of the classes.*t0\.png \(\d+ colours\).*'color'/s,
  },
  'ids in three equal channels': {
    check: 'color-mask',
    files: () => ({
      'masks/t0.png': encodeRgbPng({
        ...{ height: HEIGHT, width: WIDTH },
        data: Uint8Array.from([...bands(1, 2, 3)].flatMap((value) => [value, value, value])),
      }),
    }),
    says: /grey picture saved with three equal channels.*keep one channel/s,
  },
  'ids in the red channel': {
    check: 'color-mask',
    files: () => ({
      'masks/t0.png': encodeRgbPng({
        ...{ height: HEIGHT, width: WIDTH },
        data: Uint8Array.from([...bands(1, 2, 3)].flatMap((value) => [value, 0, 0])),
      }),
    }),
    says: /ids in the red channel.*keep the red channel/s,
  },
  'a TIFF called PNG': {
    check: 'mask-unreadable',
    files: () => ({ 'masks/t0.png': Buffer.from('II*\0\x08\0\0\0', 'latin1') }),
    says: /1 mask file is whole, but cannot be used.*t0\.png is TIFF, not PNG.*8-bit grey or palette PNG with the same values/s,
  },
  'a colour mask with a transparent ground': {
    check: 'color-mask',
    files: async () => {
      const data = Uint8Array.from(
        [...bands(1, 2, 3)].flatMap((v) => (v === 255 ? [0, 0, 0, 0] : [...PALETTE[v], 255])),
      );
      const picture = sharp(data, { raw: { height: HEIGHT, width: WIDTH, channels: 4 } });
      return { 'masks/t0.png': await picture.png().toBuffer() };
    },
    says: /in the colours of the classes.*replace each colour by the id of its class \(200 0 0 → 1 \(cat\)/s,
  },
  'a mask that was resized like a photo': {
    check: 'resampled-mask',
    files: () => {
      const small = { height: HEIGHT / 2, width: WIDTH / 2, data: bands(1, 9, 3, HEIGHT / 2, WIDTH / 2) };
      return { 'masks/t0.png': maskFile(Uint8Array.from(resizeBilinear(small, HEIGHT, WIDTH).data, Math.round)) };
    },
    says: /1 mask has values between those of their neighbours.*t0\.png \(\d+ % of \d+ pixels along edges\).*nearest neighbour/s,
  },
  'a mask that was saved as JPEG in between': {
    check: 'resampled-mask',
    files: async () => {
      const data = Uint8Array.from(bands(1, 9, 3), (v, i) => ((i % WIDTH) + Math.floor(i / WIDTH) > 60 ? v : 0));
      const raw = { height: HEIGHT, width: WIDTH, channels: 1 as const };
      const jpeg = await sharp(data, { raw }).jpeg({ quality: 90 }).toBuffer();
      const values = await sharp(jpeg).greyscale().raw().toBuffer();
      return { 'masks/t0.png': maskFile(new Uint8Array(values)) };
    },
    says: /saved as JPEG.*t0\.png/s,
  },
  'a JPEG file called PNG': {
    check: 'jpeg-mask',
    files: async () => ({ 'masks/t0.png': await photo(3) }),
    says: /1 mask is a JPEG file with another suffix.*t0\.png.*lost the exact ids/s,
  },
  'a palette with two classes exchanged': {
    check: 'palette-permuted',
    files: () => {
      const palette = PALETTE.map((color, i) => (i === 1 ? PALETTE[2] : i === 2 ? PALETTE[1] : color));
      return { 'masks/t0.png': maskFile(bands(1, 2, 3), palette) };
    },
    says: /value 1 \(cat\) in that of dog, value 2 \(dog\) in that of cat.*t0\.png.*contact sheet/s,
  },
  'ids that count from one where the table counts from zero': {
    check: 'shifted-ids',
    files: () => fromZero(1),
    says: /one more than in the class table: 0 never occurs, but 5 \(.* pixels\) does.*subtract 1/s,
  },
  'ids that count from zero where the table counts from one': {
    check: 'shifted-ids',
    files: () => ({ ...fromZero(0), 'pets.yaml': FROM_ZERO.replace(/id: (\d)/g, (_, id) => `id: ${Number(id) + 1}`) }),
    says: /one less than in the class table: 5 never occurs, but 0.*add 1/s,
  },
  'the number of classes as a value': {
    check: 'class-count-value',
    files: () => ({ ...fromZero(0), 'masks/t2.png': maskFile(bands(5, 1, 2), null) }),
    says: /1 mask has the value 5 \(.*\), one more than the last class.*'ignore: \[5\]'/s,
  },
  '255 for a class': {
    check: 'class-as-ignore',
    files: () => ({
      'pets.yaml': PETS.replace(/ {2}- \{id: [349].*\n/g, '').replace(/default: .*/, 'default: {seen: [cat, dog]}'),
      ...Object.fromEntries(
        ['t0', 't1', 't2', 't3', 't4', 't5', 'v0', 'v1', 'v2', 'v3'].map((id) => [
          `masks/${id}.png`,
          maskFile(bands(1, 255, 1)),
        ]),
      ),
    }),
    says: /every labelled pixel is cat \(1\), and 255 is the only other value.*'map: \{1: cat, 255: dog\}'/s,
  },
  'an unseen class without a test pixel': {
    check: 'unseen-class-untested',
    files: () => ({ 'masks/v1.png': maskFile(bands(9, 2, 2)), 'masks/v3.png': maskFile(bands(9, 1, 2)) }),
    says: /1 class unseen in split default has no test pixel.*cow \(4\).*allowMissing/s,
  },
  'a seen class without a training pixel': {
    check: 'seen-class-untrained',
    files: () => Object.fromEntries([0, 1, 2, 3, 4, 5].map((i) => [`masks/t${i}.png`, maskFile(bands(1, 1, 3))])),
    says: /1 class seen in split default has test pixels and no training pixel.*dog \(2\)/s,
  },
  'a seen class that is nowhere': {
    check: 'class-absent',
    severity: 'warning',
    files: () => ({
      'pets.yaml': PETS.replace('splits:', '  - {id: 20, name: eel, color: [9, 9, 9]}\nsplits:').replace(
        'sky]',
        'sky, eel]',
      ),
    }),
    says: /1 class seen in split default occurs in no mask.*eel \(20\)/s,
  },
};
