import { type Dataset, ignoreOf, type LabelMap, UserError } from '@unseen/core';
import { encodeJsonObject, encodeRgbPng } from '@unseen/formats';
import { decodeRunLengths, runLengthArea } from '@unseen/vision';
import { encodeCompressedRunLengths } from '../coco/compressed-run-lengths.ts';
import { annotatedInstances, type Instance } from '../instances.ts';
import type { Subset } from '../layouts/listing.ts';
import type { FinishedSample, LayoutWriter, MakeLayoutWriter } from './layout-writer.ts';
import { objectMap, WITHOUT_OBJECTS } from './object-map.ts';

interface Part {
  readonly category_id: number;
  /** One object, not the rest of a class. */
  readonly object: boolean;
  readonly area: number;
  readonly bbox: readonly number[];
}

interface PanopticEntry {
  readonly file_name: string;
  readonly height: number;
  readonly width: number;
  readonly segments: readonly (Part & { readonly id: number })[];
}

/**
 * Writes COCO's panoptic form: a segment for every object and one for the rest of every class. Classes with objects are
 * things, and what is left of them is a crowd.
 */
export const cocoPanopticWriter: MakeLayoutWriter = (dataset) => ({
  settings: {},
  objects: true,
  imageFolder: (subset) => `${subset}2017`,
  mask: (sample) => {
    const { subset, id, imageName, mask } = sample;
    const { height, width } = mask;
    const numbers = objectMap(sample);
    const objects = sample.instances?.items ?? [];
    const rest = restOf(mask, numbers);
    const ids = new Map(rest.map(({ classId }, i) => [classId, objects.length + 1 + i]));
    const rgb = new Uint8Array(3 * height * width);
    for (let i = 0; i < numbers.length; i++) {
      const segment = numbers[i] || (ids.get(mask.data[i]) ?? 0);
      rgb.set([segment & 255, (segment >> 8) & 255, segment >> 16], 3 * i);
    }
    const segments = [...objects.map((one) => partOf(one, true)), ...rest.map((one) => partOf(one, false))];
    const annotation: PanopticEntry = {
      file_name: imageName,
      height,
      width,
      segments: segments.map((part, i) => ({ id: i + 1, ...part })),
    };
    const png = encodeRgbPng({ height, width, data: rgb });
    return { files: { [`annotations/panoptic_${subset}2017/${id}.png`]: png }, annotation };
  },
  finish: (written) => {
    const entries = { train: entriesOf<PanopticEntry>(written.train), val: entriesOf<PanopticEntry>(written.val) };
    const all = [...entries.train, ...entries.val].flatMap(({ entry }) => entry.segments);
    const things = new Set(all.filter(({ object }) => object).map((part) => part.category_id));
    return annotationFiles('panoptic', dataset, things, written, entries, ({ id, number, entry: { segments } }) => [
      {
        image_id: number,
        file_name: `${id}.png`,
        segments_info: segments.map(({ object, ...part }) => ({
          ...part,
          iscrowd: Number(!object && things.has(part.category_id)),
        })),
      },
    ]);
  },
});

interface InstanceEntry {
  readonly file_name: string;
  readonly height: number;
  readonly width: number;
  readonly regions: readonly (Part & { readonly segmentation: object })[];
}

/** Writes COCO's form of objects: run lengths for every object, and a crowd for the rest of every class. */
export const cocoInstancesWriter: MakeLayoutWriter = (dataset) => ({
  settings: {},
  objects: true,
  imageFolder: (subset) => `${subset}2017`,
  mask: ({ id, imageName, mask, instances }) => {
    const { height, width } = mask;
    const objects = instances?.items ?? [];
    const covered = new Uint8Array(height * width);
    for (const { classId, mask: runs } of objects) {
      decodeRunLengths(runs, height, width).forEach((inside, i) => {
        if (inside === 1 && mask.data[i] === classId) covered[i] = 1;
      });
    }
    const rest = restOf(mask, covered);
    requirePaintable(id, mask, rest, objects);
    const region = (one: Instance, object: boolean) => ({
      ...partOf(one, object),
      segmentation: { size: [height, width], counts: encodeCompressedRunLengths(one.mask) },
    });
    const regions = [...objects.map((one) => region(one, true)), ...rest.map((one) => region(one, false))];
    const annotation: InstanceEntry = { file_name: imageName, height, width, regions };
    return { files: {}, annotation };
  },
  finish: (written) => {
    const entries = { train: entriesOf<InstanceEntry>(written.train), val: entriesOf<InstanceEntry>(written.val) };
    let next = 1;
    const things = new Set(dataset.classes.map(({ id }) => id));
    return annotationFiles('instances', dataset, things, written, entries, ({ number, entry }) =>
      entry.regions.map(({ object, ...part }) => ({ id: next++, image_id: number, ...part, iscrowd: Number(!object) })),
    );
  },
});

/** What of every class no object covers. */
function restOf({ height, width, data }: LabelMap, covered: ArrayLike<number>): Instance[] {
  const hidden = ignoreOf(data);
  const nothing = 0x10000;
  const ids = Uint32Array.from(data, (id, i) => (covered[i] !== 0 || id === hidden ? nothing : id));
  const present = [...new Set(ids)].filter((id) => id !== nothing).sort((a, b) => a - b);
  return annotatedInstances(ids, height, width, new Map(present.map((id) => [id, id])));
}

function partOf({ classId, mask, box: [x0, y0, x1, y1] }: Instance, object: boolean): Part {
  return { category_id: classId, object, area: runLengthArea(mask), bbox: [x0, y0, x1 - x0, y1 - y0] };
}

/** Painting the regions as the reader does (crowds, then large before small objects) must give the mask. */
function requirePaintable(id: string, mask: LabelMap, crowds: readonly Instance[], objects: readonly Instance[]): void {
  const hidden = ignoreOf(mask.data);
  const painted = mask.data.slice().fill(hidden);
  const order = objects.toSorted((a, b) => runLengthArea(b.mask) - runLengthArea(a.mask));
  for (const { classId, mask: runs } of [...crowds, ...order]) {
    decodeRunLengths(runs, mask.height, mask.width).forEach((inside, i) => {
      if (inside === 1) painted[i] = classId;
    });
  }
  const wrong = painted.findIndex((value, i) => value !== mask.data[i]);
  if (wrong < 0) return;
  throw new UserError({
    given: `the objects of image '${id}', painted from large to small, give class ${painted[wrong]} at row ${Math.floor(wrong / mask.width)}, column ${wrong % mask.width}; its mask has ${mask.data[wrong]}`,
    expected: 'objects that make up the mask',
    remedy: WITHOUT_OBJECTS,
  });
}

interface NumberedEntry<E> {
  readonly id: string;
  readonly number: number;
  readonly entry: E;
}

/** Numeric ids, as those of COCO, are kept; others are numbered. */
function entriesOf<E>(written: readonly FinishedSample[]): NumberedEntry<E>[] {
  const own = written.map(({ id }) => (/^\d{1,15}$/.test(id) ? Number(id) : -1));
  const usable = own.every((number) => number >= 0) && new Set(own).size === own.length;
  return written.map(({ id, annotation }, i) => ({ id, number: usable ? own[i] : i + 1, entry: annotation as E }));
}

function annotationFiles<E extends { readonly file_name: string; readonly height: number; readonly width: number }>(
  kind: 'panoptic' | 'instances',
  dataset: Dataset,
  things: ReadonlySet<number>,
  written: Parameters<LayoutWriter['finish']>[0],
  entries: Readonly<Record<Subset, readonly NumberedEntry<E>[]>>,
  annotate: (entry: NumberedEntry<E>) => readonly object[],
): Record<string, Uint8Array> {
  const categories = dataset.classes.map(({ id, name, color }) => {
    return { id, name, supercategory: name, isthing: Number(things.has(id)), color };
  });
  const fileOf = (subset: Subset) => {
    const images = entries[subset].map(({ number, entry: { file_name, height, width } }) => {
      return { id: number, file_name, height, width };
    });
    const annotations = entries[subset].flatMap(annotate);
    return encodeJsonObject({ info: { description: dataset.name }, images, annotations, categories });
  };
  const subsets = (['train', 'val'] as const).filter((subset) => written[subset].length > 0);
  return Object.fromEntries(subsets.map((subset) => [`annotations/${kind}_${subset}2017.json`, fileOf(subset)]));
}
