import { examineDataset } from '@unseen/data';
import { encodeRgbPng } from '@unseen/formats';
import { resizeBilinear } from '@unseen/vision';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  bands,
  type Files,
  HEIGHT,
  maskFile,
  PALETTE,
  PETS,
  photo,
  pixels,
  WIDTH,
  writePets,
} from './doctor-dataset.ts';

const examined = async (changes: Files) => (await examineDataset(await writePets(changes))).report;

test('a dataset without a fault has no finding', async () => {
  const report = await examined({});
  expect(report.findings).toEqual([]);
  expect(report.subsets).toMatchObject({ train: { images: 6, masks: 6 }, val: { images: 4, masks: 4 } });
});

test('the histogram holds every value by subset, with what it means', async () => {
  const { values, classes } = await examined({});
  const area = (HEIGHT * WIDTH) / 7;
  expect(values.map(({ value, meaning, name }) => [value, meaning, name])).toEqual([
    [1, 'class', 'cat'],
    [2, 'class', 'dog'],
    [3, 'class', 'sky'],
    [4, 'class', 'cow'],
    [9, 'class', 'sheep'],
    [255, 'unlabelled', undefined],
  ]);
  expect(values[0]).toMatchObject({ group: 'seen', color: [200, 0, 0], train: { pixels: 8 * area, images: 4 } });
  expect(values[5]).toMatchObject({ train: { pixels: 6 * area, images: 6 }, val: { pixels: 4 * area, images: 4 } });
  expect(classes[3]).toEqual({
    ...{ id: 4, name: 'cow', group: 'unseen' },
    train: { pixels: 0, images: 0 },
    val: { pixels: 4 * area, images: 2 },
  });
});

const painted = (data: Uint8Array) =>
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
const withLabels = (labels: Record<string, string[]>): Files => ({
  'pets.yaml': PETS.replace('layout: folder', 'layout: folder\nimageLabels: labels.json'),
  'labels.json': JSON.stringify(labels),
});

const EXTRAS = await Promise.all([41, 42, 43, 44].map((seed) => photo(seed)));

interface Fault {
  readonly check: string;
  readonly severity?: 'error' | 'warning' | 'note';
  readonly files: () => Promise<Files> | Files;
  /** What the finding must say, of found, examples and fix. */
  readonly says: RegExp;
}

const faults: Readonly<Record<string, Fault>> = {
  'a value that no class has': {
    check: 'unknown-value',
    files: () => ({ 'masks/t1.png': maskFile(bands(1, 77, 3)) }),
    says: /1 value in 1 mask belongs to no class: 77 \(640 pixels\).*t1\.png: value 77.*'classes' or 'ignore'/s,
  },
  'a listed image without its file': {
    check: 'image-missing',
    files: () => ({ 'images/t2.jpg': null }),
    says: /1 image of the list of train has no image file in .*images.*t2.*take the ids off the list/s,
  },
  'a listed image without its mask': {
    check: 'mask-missing',
    files: () => ({ 'masks/v2.png': null }),
    says: /1 image of the list of val has no mask in .*masks.*v2/s,
  },
  'a mask that is there as JPEG only': {
    check: 'mask-missing',
    files: async () => ({ 'masks/v2.png': null, 'masks/v2.jpg': await photo(3) }),
    says: /v2.*masks anew as PNG.*JPEG does not keep class ids/s,
  },
  'a mask on no list': {
    check: 'mask-not-listed',
    severity: 'note',
    files: () => ({ 'masks/spare.png': maskFile(bands(1, 2, 3)) }),
    says: /1 mask file is on neither list.*spare\.png/s,
  },
  'an image without a mask': {
    check: 'image-without-mask',
    severity: 'note',
    files: async () => ({ 'images/spare.jpg': await photo(30) }),
    says: /1 image on neither list has no mask.*spare\.jpg/s,
  },
  'a mask of another size': {
    check: 'size-mismatch',
    files: () => ({ 'masks/t3.png': maskFile(bands(1, 2, 3, HEIGHT - 1)) }),
    says: /t3: image 40x56, mask 39x56.*anew/s,
  },
  'a mask in the colours of the classes': {
    check: 'color-mask',
    files: () => ({ 'masks/t0.png': painted(bands(1, 2, 3).map((v) => (v === 255 ? 0 : v))) }),
    says: /1 mask is a colour picture in the colours of the classes.*t0\.png.*convert them/s,
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
    says: /1 mask is a JPEG file behind another suffix.*t0\.png.*does not come back/s,
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
    says: /one more than those of the class table: 0 never occurs, and 5 \(.* pixels\) does.*subtract 1/s,
  },
  'ids that count from zero where the table counts from one': {
    check: 'shifted-ids',
    files: () => ({ ...fromZero(0), 'pets.yaml': FROM_ZERO.replace(/id: (\d)/g, (_, id) => `id: ${Number(id) + 1}`) }),
    says: /one less than those of the class table: 5 never occurs, and 0.*add 1/s,
  },
  'the number of classes as a value': {
    check: 'class-count-value',
    files: () => ({ ...fromZero(0), 'masks/t2.png': maskFile(bands(5, 1, 2), null) }),
    says: /the value 5, the first after the last class, stands in 1 mask.*'ignore: \[5\]'/s,
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
  'unseen pixels in a training image': {
    check: 'unseen-in-training',
    severity: 'note',
    files: () => ({ 'masks/t1.png': maskFile(bands(1, 4, 3)) }),
    says: /1 training image of 6 shows unseen classes: cow 640 pixels in 1 image.*t1/s,
  },
  'unseen pixels in a training list of ZS3Net': {
    check: 'unseen-in-training-list',
    severity: 'warning',
    files: () => ({
      'pets.yaml': PETS.replace('default: {', 'default: {source: ZS3Net, '),
      'masks/t1.png': maskFile(bands(1, 4, 3)),
    }),
    says: /protocol of ZS3Net.*take them off the training list/s,
  },
  'an id in both subsets': {
    check: 'image-in-both-subsets',
    files: () => ({ 'val.txt': 'v0\nv1\nv2\nv3\nt4\n' }),
    says: /1 image is in both subsets.*t4/s,
  },
  'the same file under two names': {
    check: 'same-file-in-both-subsets',
    severity: 'warning',
    files: async () => ({ 'images/v1.jpg': await photo(2) }),
    says: /1 test image is byte for byte a training image.*v1 \(val\) and t2 \(train\)/s,
  },
  'the same picture saved anew': {
    check: 'same-picture-in-both-subsets',
    severity: 'warning',
    files: async () => ({ 'images/v1.jpg': await photo(2, { quality: 60 }) }),
    says: /1 test image looks like a training image.*v1 \(val\) and t2 \(train\)/s,
  },
  'a repeated line': {
    check: 'repeated-line',
    files: () => ({ 'train.txt': 't0\nt1\nt2\nt3\n\nt1\nt4\nt5\n' }),
    says: /1 line of the list of train repeats.*t1 \(lines 2 and 6\).*train\.txt/s,
  },
  'paths of another machine in a list': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\n/home/a/VOC/val/v2.png\n/home/a/VOC/val/v3.png\n' }),
    says: /2 lines of the list of val are paths of another machine.*line 3: .*v2\.png.*'lists: \{entries: paths\}'.*'v2' of '\/home.*': 2 of the 2/s,
  },
  'suffixes in a list': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\nv2.jpg\nv3\n' }),
    says: /line 3: v2\.jpg.*entries: paths.*'v2'.*1 of the 1/s,
  },
  'a list in two columns': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\nv3\nJPEGImages/v2.jpg SegmentationClass/v2.png\n' }),
    says: /line 4: .*'v2' of 'JPEG.*': 1 of the 1/s,
  },
  'a mask that is cut short': {
    check: 'mask-damaged',
    files: () => ({ 'masks/t0.png': maskFile(bands(1, 2, 3)).subarray(0, 200) }),
    says: /1 mask file cannot be read.*t0\.png/s,
  },
  'a photo that is cut short': {
    check: 'image-damaged',
    files: async () => {
      const whole = await photo(1);
      return { 'images/t1.jpg': whole.subarray(0, whole.length * 0.7) };
    },
    says: /1 image file cannot be read.*t1\.jpg/s,
  },
  'a mask without a label': {
    check: 'unlabelled-mask',
    severity: 'warning',
    files: () => ({ 'masks/v2.png': maskFile(bands(0, 255, 0)) }),
    says: /1 mask is entirely unlabelled.*v2\.png/s,
  },
  'a training image without a seen class': {
    check: 'training-image-without-seen-class',
    severity: 'warning',
    files: () => ({
      'pets.yaml': PETS.replace('[cat, dog, sky]', '[cat, dog]'),
      'masks/t4.png': maskFile(bands(3, 3, 3)),
      'masks/t0.png': maskFile(bands(1, 2, 1)),
    }),
    says: /1 training image has no pixel of a seen class.*t4/s,
  },
  'a photo that EXIF turns away from its mask': {
    check: 'exif-rotation',
    files: async () => ({ 'images/t5.jpg': await photo(5, { orientation: 6 }) }),
    says: /1 image is turned by an EXIF tag.*t5: image 56x40, mask 40x56.*drop the tag/s,
  },
  'image labels that disagree with a mask': {
    check: 'image-labels-disagree',
    severity: 'warning',
    files: () =>
      withLabels({ t0: ['cat', 'dog', 'sky'], t1: ['dog', 'cow', 'sky'], v0: ['sheep', 'cat', 'sky', 'cow'] }),
    says: /2 images of 3 disagree.*t1: labelled cow without a pixel.*v0: labelled cow/s,
  },
  'a class that is named like what is not labelled': {
    check: 'unlabelled-as-class',
    severity: 'warning',
    files: () => ({ 'pets.yaml': PETS.replaceAll('sky', 'unlabelled') }),
    says: /1 class of split default is named like what is not labelled.*unlabelled \(3\)/s,
  },
  '255 as a class and as void': {
    check: 'ignore-as-class',
    severity: 'warning',
    files: () => ({ 'pets.yaml': PETS.replace('splits:', '  - {id: 255, name: a}\n  - {id: 300, name: b}\nsplits:') }),
    says: /class 'a' has the id 255, and 10 masks of 8-bit values have pixels of it/s,
  },
  'an empty list': {
    check: 'empty-list',
    files: () => ({ 'val.txt': '\n' }),
    says: /the subset val is empty/,
  },
  'images without a mask, where these are optional': {
    check: 'mask-missing',
    severity: 'note',
    files: () => ({
      'pets.yaml': `${PETS}optionalMasks: true\n`,
      'train.txt': `t0\nt1\nt2\n${['a', 'b', 'c', 'd'].join('\n')}\n`,
      ...Object.fromEntries(
        ['t3', 't4', 't5'].flatMap((id) => [
          [`images/${id}.jpg`, null],
          [`masks/${id}.png`, null],
        ]),
      ),
      ...Object.fromEntries(EXTRAS.map((bytes, i) => [`images/${'abcd'[i]}.jpg`, bytes])),
    }),
    says: /4 images of the list of train have no mask.*optionalMasks.*nothing, if that is meant/s,
  },
  'no mask to score with, where these are optional': {
    check: 'mask-missing',
    severity: 'warning',
    files: () => ({
      'pets.yaml': `${PETS}optionalMasks: true\n`,
      ...Object.fromEntries(['v0', 'v1', 'v2', 'v3'].map((id) => [`masks/${id}.png`, null])),
    }),
    says: /4 images of the list of val have no mask.*not scored/s,
  },
  'a list that is not there': {
    check: 'list-unreadable',
    files: () => ({ 'val.txt': null }),
    says: /val\.txt does not exist/,
  },
};

describe('planted faults are found, each by its own check alone', () => {
  test.each(Object.entries(faults))('%s', async (_, { check, severity = 'error', files, says }) => {
    const { findings, ...report } = await examined(await files());
    expect(findings.map((finding) => [finding.check, finding.severity])).toEqual([[check, severity]]);
    const [{ found, examples, why, fix, count }] = findings;
    expect(`${found} | ${examples.join(' | ')} | ${why} | ${fix}`).toMatch(says);
    expect(why).not.toBe('');
    expect(count).toBeGreaterThanOrEqual(examples.length);
    expect(report.errors).toBe(severity === 'error' ? 1 : 0);
  });
});

test('where nothing is there, the fix says how the files are had', async () => {
  const fixes = async (text: string) => {
    const path = await writePets({ 'pets.yaml': text, 'train.txt': null, 'val.txt': null });
    return [path, (await examineDataset(path)).report.findings[0].fix];
  };
  const prepare = 'prepare: {converter: voc, archives: {trainval: {file: a.tar}}}\n';
  const [path, fix] = await fixes(PETS.replace('layout:', `${prepare}root: $UNSEEN_DATA/pets\nlayout:`));
  expect(fix).toContain(`'unseen dataset prepare ${path} --from DIR'`);
  expect(fix).toContain('UNSEEN_DATA');
  const [, without] = await fixes(PETS.replace('layout:', 'root: $UNSEEN_DATA/pets\nlayout:'));
  expect(without).toContain('UNSEEN_DATA');
  expect(without).not.toContain('prepare');
  expect((await fixes(PETS))[1]).toContain("correct the path in the dataset's YAML");
});

test('heads of images alone do not tell what looks the same, and the report says that nothing else was read', async () => {
  const path = await writePets({ 'images/v1.jpg': await photo(2, { quality: 60 }), 'images/v2.jpg': await photo(3) });
  const { report } = await examineDataset(path, { quick: true });
  expect(report.quick).toBe(true);
  expect(report.findings.map(({ check }) => check)).toEqual(['same-file-in-both-subsets']);
});

test('another split, and one that there is not', async () => {
  const path = await writePets({ 'pets.yaml': `${PETS}  other: {seen: [cow, sheep], unseen: [cat]}\n` });
  const { report } = await examineDataset(path, { split: 'other' });
  expect(report.split).toEqual({ name: 'other', seen: [4, 9], unseen: [1] });
  expect(report.findings.map(({ check }) => check)).toContain('seen-class-untrained');
  await expect(examineDataset(path, { split: 'othr' })).rejects.toThrow("did you mean 'other'?");
});

test('pictures show every class, and are the same each time', async () => {
  const { pictures } = await examineDataset(await writePets());
  const [chosen, again] = [await pictures(2), await pictures(2)];
  expect(chosen.map(({ subset, id }) => `${subset}/${id}`)).toHaveLength(4);
  const shown = (subset: string) =>
    new Set(chosen.filter((p) => p.subset === subset).flatMap(({ classes }) => classes));
  expect([...shown('val')].sort()).toEqual([1, 2, 3, 4, 9]);
  expect([...shown('train')].sort()).toEqual([1, 2, 3]);
  expect(again).toEqual(chosen);
  const { data, info } = await sharp(chosen[0].labelled.bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.height, info.width]).toEqual([HEIGHT, WIDTH]);
  const plain = await sharp(chosen[0].photo.bytes).raw().toBuffer();
  expect(data.equals(plain)).toBe(false);
});

test('faults that can be seen are among the pictures; masks without ids are shown as they are', async () => {
  const colors = painted(bands(1, 2, 3).map((v) => (v === 255 ? 0 : v)));
  const { pictures } = await examineDataset(
    await writePets({ 'masks/t4.png': colors, 'masks/v3.png': await photo(2) }),
  );
  const [train, val] = await pictures(1);
  expect([train.id, val.id]).toEqual(['t4', 'v3']);
  expect(train.remark).toMatch(/no class ids/);
  const { data } = await sharp(train.labelled.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([...data.subarray(0, 3)]).toEqual([200, 0, 0]);
});
