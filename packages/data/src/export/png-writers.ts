import { IGNORE, type LabelMap, UserError } from '@unseen/core';
import { encodeIndexedPng, type Palette } from '@unseen/formats';
import { vocPalette } from '@unseen/vision';
import type { ExportedSample, FinishedSample, MakeLayoutWriter } from './layout-writer.ts';
import { objectMap, WITHOUT_OBJECTS } from './object-map.ts';

const UNLABELLED: Palette[number] = [224, 224, 192];

/** Writes `images/<id>` and `masks/<id>.png`, in the colours of the classes; without objects. */
export const folderWriter: MakeLayoutWriter = ({ classes }) => {
  const colors = Array.from({ length: 256 }, (): Palette[number] => [0, 0, 0]);
  for (const { id, color } of classes) if (id < IGNORE) colors[id] = color;
  colors[IGNORE] = UNLABELLED;
  return {
    settings: { subsets: { train: 'train.txt', val: 'val.txt' } },
    objects: false,
    imageFolder: () => 'images',
    mask: ({ id, mask }) => ({ files: { [`masks/${id}.png`]: encodeMask(mask, colors) } }),
    finish: ({ train, val }) => ({ 'train.txt': listOf(train), 'val.txt': listOf(val) }),
  };
};

/** Writes a VOC devkit: `JPEGImages`, `SegmentationClass`, `SegmentationObject` and the lists in `ImageSets`. */
export const vocWriter: MakeLayoutWriter = () => {
  const palette = vocPalette();
  palette[IGNORE] = UNLABELLED;
  return {
    settings: {},
    objects: true,
    imageFolder: () => 'JPEGImages',
    mask: (sample) => {
      const { id, mask, instances } = sample;
      const files = { [`SegmentationClass/${id}.png`]: encodeMask(mask, palette) };
      if (!instances) return { files };
      const [strange] = instances.items.filter(({ classId }) => classId === 0 || classId === IGNORE);
      if (strange || instances.items.length >= IGNORE) {
        throw new UserError({
          given: `image '${id}' has ${strange ? `an object of class ${strange.classId}` : `${instances.items.length} objects`}`,
          expected: `at most 254 objects, of other classes than 0 and 255, which mean background and void in VOC`,
          remedy: WITHOUT_OBJECTS,
        });
      }
      const data = Uint8Array.from(objectMap(sample));
      const voids = mask.data instanceof Uint16Array ? 0xffff : IGNORE;
      for (let i = 0; i < data.length; i++) if (mask.data[i] === voids) data[i] = IGNORE;
      return { files: { ...files, [`SegmentationObject/${id}.png`]: encodeIndexedPng({ ...mask, data, palette }) } };
    },
    finish: ({ train, val }) => ({
      'ImageSets/Segmentation/train.txt': listOf(train),
      'ImageSets/Segmentation/val.txt': listOf(val),
    }),
  };
};

/** Writes the folders of Cityscapes with `labelIds` and `instanceIds`; the class ids are the labels. */
export const cityscapesWriter: MakeLayoutWriter = () => ({
  settings: { subsets: { train: 'train.txt', val: 'val.txt' } },
  objects: true,
  imageSuffix: '_leftImg8bit.png',
  imageFolder: (subset) => `leftImg8bit/${subset}`,
  mask: (sample) => {
    const { subset, id, mask, instances } = sample;
    const base = `gtFine/${subset}/${id}_gtFine`;
    const files = { [`${base}_labelIds.png`]: encodeMask(mask) };
    if (!instances) return { files };
    return { files: { ...files, [`${base}_instanceIds.png`]: encodeMask({ ...mask, data: instanceIds(sample) }) } };
  },
  finish: ({ train, val }) => ({ 'train.txt': listOf(train), 'val.txt': listOf(val) }),
});

/** 1000 · label + number of the object within its class; without an object the label alone, or 0 where it is too large. */
function instanceIds(sample: ExportedSample): Uint16Array {
  const { id, mask, instances } = sample;
  const counts = new Map<number, number>();
  const values = instances!.items.map(({ classId }) => {
    const number = counts.get(classId) ?? 0;
    counts.set(classId, number + 1);
    const value = 1000 * classId + number;
    if (classId > 0 && number < 1000 && value < 0xffff) return value;
    throw new UserError({
      given: `image '${id}' has the object ${number + 1} of class ${classId}`,
      expected: 'class ids from 1 to 64 with at most 1000 objects each, which instanceIds of Cityscapes can hold',
      remedy: WITHOUT_OBJECTS,
    });
  });
  const numbers = objectMap(sample);
  return Uint16Array.from(mask.data, (label, i) =>
    numbers[i] > 0 ? values[numbers[i] - 1] : label < 1000 ? label : 0,
  );
}

function encodeMask({ height, width, data }: Omit<LabelMap, 'id'>, palette?: Palette): Uint8Array {
  // A palette has 256 colours.
  const colored = palette && data instanceof Uint8Array;
  return encodeIndexedPng({ height, width, data, ...(colored && { palette }) });
}

function listOf(samples: readonly FinishedSample[]): string {
  return samples.map(({ id }) => `${id}\n`).join('');
}
