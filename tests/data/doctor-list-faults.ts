import sharp from 'sharp';
import { bands, type Files, HEIGHT, maskFile, PETS, photo, pixels, WIDTH } from './doctor-dataset.ts';
import type { Fault } from './doctor-mask-faults.ts';

const withLabels = (labels: Record<string, string[]>): Files => ({
  'pets.yaml': PETS.replace('layout: folder', 'layout: folder\nimageLabels: labels.json'),
  'labels.json': JSON.stringify(labels),
});

const EXTRAS = await Promise.all([41, 42, 43, 44].map((seed) => photo(seed)));

/** Faults of lists, splits, duplicates, image labels and damaged files, by name. */
export const listFaults: Readonly<Record<string, Fault>> = {
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
    says: /first stage of ZS3Net.*remove them from the training list/s,
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
    says: /1 line in the list of train repeats.*t1 \(lines 2 and 6\).*train\.txt/s,
  },
  'paths of another machine in a list': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\n/home/a/VOC/val/v2.png\n/home/a/VOC/val/v3.png\n' }),
    says: /2 lines in the list of val are paths from another machine.*line 3: .*v2\.png.*'lists: \{entries: paths\}'.*'\/home.*' into 'v2': 2 of the 2/s,
  },
  'paths with a folder that is not the one of the images': {
    check: 'image-missing',
    files: () => ({
      'val.txt': 'v0\nv1\nphotos/v2\nv3\n',
      'masks/v2.png': null,
      'masks/photos/v2.png': maskFile(bands(9, 3, 3)),
    }),
    says: /photos\/v2.*set lists: \{entries: paths, components: 1\}, by which 1 of these 1 are found/s,
  },
  'paths of which none has a file': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\n/nowhere/w2.png\nv3\n' }),
    says: /line 3: .*w2\.png.* → rewrite|\| rewrite .*val\.txt with one id per line/s,
  },
  'suffixes in a list': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\nv2.jpg\nv3\n' }),
    says: /line 3: v2\.jpg.*entries: paths.*'v2'.*1 of the 1/s,
  },
  'a list in two columns': {
    check: 'stale-path',
    files: () => ({ 'val.txt': 'v0\nv1\nv3\nJPEGImages/v2.jpg SegmentationClass/v2.png\n' }),
    says: /line 4: .*'JPEG.*' into 'v2': 1 of the 1/s,
  },
  'an image in two types': {
    check: 'several-files',
    files: async () => ({ 'images/v2.PNG': await photo(3) }),
    says: /1 image has several files.*v2: .*v2\.jpg.*v2\.PNG.*all but one/s,
  },
  'an image of a type that is not read': {
    check: 'image-missing',
    files: async () => ({ 'images/v2.jpg': null, 'images/v2.bmp': await photo(3) }),
    says: /v2.*save the images as PNG: there are files of other types for 1 of these ids.*v2\.bmp/s,
  },
  'a picture of another type in a folder that is the list': {
    check: 'image-of-other-type',
    severity: 'warning',
    files: async () => {
      const ids = { train: ['t0', 't1', 't2', 't3', 't4', 't5'], val: ['v0', 'v1', 'v2', 'v3'] };
      const move = async ([subset, names]: [string, string[]]) =>
        Promise.all(
          names.map(async (id, i) => [`all/${subset}/${id}.jpg`, await photo(i + (subset === 'val' ? 6 : 0))] as const),
        );
      return {
        'pets.yaml': PETS.replace(/subsets: .*/, 'images: all/{subset}'),
        ...Object.fromEntries((await Promise.all(Object.entries(ids).map(move))).flat()),
        'all/train/x.heic': 'not read',
        'all/train/._t0.jpg': 'a side file',
        'all/val/__MACOSX/v0.jpg': 'another',
      };
    },
    says: /1 picture of train in .* is of a type that is not read.*x\.heic.*PNG/s,
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
    says: /1 image is rotated by an EXIF tag.*t5: image 56x40, mask 40x56.*remove the tag/s,
  },
  'a square photo that EXIF turns': {
    check: 'exif-square',
    severity: 'warning',
    files: async () => ({
      'images/t5.jpg': await photo(5, { orientation: 6, height: WIDTH }),
      'masks/t5.png': maskFile(bands(3, 1, 3, WIDTH)),
    }),
    says: /1 square image is rotated by an EXIF tag.*t5 \(orientation 6\).*contact sheet/s,
  },
  'photos that show nothing': {
    check: 'blank-image',
    severity: 'warning',
    files: async () => ({
      'images/t5.jpg': await sharp({ create: { height: HEIGHT, width: WIDTH, channels: 3, background: '#888' } })
        .jpeg()
        .toBuffer(),
      'images/t4.jpg': await sharp(
        pixels(4).map((v) => v >> 5),
        { raw: { height: HEIGHT, width: WIDTH, channels: 3 } },
      )
        .png()
        .toBuffer(),
    }),
    says: /2 images show nothing.*t4\.jpg is nearly black.*t5\.jpg is of one colour/s,
  },
  'a photo of a format that is not read': {
    check: 'image-unreadable',
    files: () => ({ 'images/t5.jpg': Buffer.from('BM12345') }),
    says: /1 image file is whole, but cannot be used.*t5\.jpg .*the file is BMP.*save as PNG/s,
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
    says: /1 class of split default is named like unlabelled pixels.*unlabelled \(3\)/s,
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
    says: /4 images in the list of train have no mask.*optionalMasks.*nothing if this is intended/s,
  },
  'no mask to score with, where these are optional': {
    check: 'mask-missing',
    severity: 'warning',
    files: () => ({
      'pets.yaml': `${PETS}optionalMasks: true\n`,
      ...Object.fromEntries(['v0', 'v1', 'v2', 'v3'].map((id) => [`masks/${id}.png`, null])),
    }),
    says: /4 images in the list of val have no mask.*not scored/s,
  },
  'a list that is not there': {
    check: 'list-unreadable',
    files: () => ({ 'val.txt': null }),
    says: /val\.txt does not exist/,
  },
};
