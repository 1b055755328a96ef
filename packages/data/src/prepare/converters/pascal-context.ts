import { join } from 'node:path';
import { nearestName, readText, UserError } from '@unseen/core';
import type { DatasetFile } from '../../dataset-file.ts';
import { type Converter, type ImageTask, leftOut, type Plan, type ValueTable } from '../converter.ts';
import { idsOf, idsOfList, pairFolders } from '../folders.ts';
import type { PrepareSettings } from '../settings.ts';

/**
 * Pascal-Context: the `LabelMap` of every .mat file, whose 459 labels become the dataset's classes by name and 0 where no
 * class has the name. Photos and lists (4,998 and 5,105 images) are those of VOC 2010.
 */
export const pascalContext: Converter = {
  version: 1,
  sources: {
    voc: { marker: 'ImageSets/Main', files: /^(JPEGImages\/[^/]+\.jpg|ImageSets\/Main\/(train|val)\.txt)$/ },
    context: { marker: 'trainval', files: /^(trainval\/[^/]+\.mat|(trainval\/)?labels\.txt)$/ },
    labels: { optional: true },
  },
  async plan({ file, settings, target, sources, listPath }): Promise<Plan> {
    const folders = pairFolders(file, target);
    const table = await labelTable(file, settings, sources);
    const images = await idsOf(join(sources.voc, 'JPEGImages'), '.jpg');
    const masks = await idsOf(join(sources.context, 'trainval'), '.mat');
    const [noImage, noMask]: [string[], string[]] = [[], []];
    const tasks: ImageTask[] = [];
    const lists = [];
    for (const subset of ['train', 'val'] as const) {
      const ids = await idsOfList(join(sources.voc, 'ImageSets/Main', `${subset}.txt`));
      noImage.push(...ids.filter((id) => !images.has(id)));
      noMask.push(...ids.filter((id) => images.has(id) && !masks.has(id)));
      const there = ids.filter((id) => images.has(id) && masks.has(id));
      lists.push({ name: subset, path: listPath(subset), ids: there });
      for (const id of there) {
        const image = join(sources.voc, 'JPEGImages', `${id}.jpg`);
        tasks.push({
          id,
          image,
          files: [{ from: image, to: join(folders.images, `${id}.jpg`) }],
          mask: {
            from: join(sources.context, 'trainval', `${id}.mat`),
            to: join(folders.masks, `${id}.png`),
            source: { kind: 'mat', variable: 'LabelMap' },
          },
        });
      }
    }
    const listed = new Set(lists.flatMap(({ ids }) => ids));
    return {
      tasks,
      lists,
      table,
      leftOut: [
        ...leftOut(noImage, 'listed images', 'no photo in VOC 2010'),
        ...leftOut(noMask, 'listed images', 'no .mat file'),
        ...leftOut(
          [...masks].filter((id) => !listed.has(id)),
          '.mat files',
          'in neither list of VOC 2010',
        ),
      ],
    };
  },
};

async function labelTable(
  { path, classes }: DatasetFile,
  { names }: PrepareSettings,
  sources: Readonly<Record<string, string>>,
): Promise<ValueTable> {
  const [labels, from] = await readLabels([
    ...(sources.labels === undefined ? [] : [sources.labels]),
    join(sources.context, 'labels.txt'),
    join(sources.context, 'trainval/labels.txt'),
  ]);
  const known = new Set(classes.map(({ name }) => name));
  const stranger = Object.keys(names).find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new UserError({ given: `${path}: 'prepare.names' has '${stranger}', which is not a class of the dataset` });
  }
  const missing: string[] = [];
  const values: [number, number][] = [];
  for (const { id, name } of classes) {
    // 0 stands for everything without a class of its own.
    if (id === 0) continue;
    const label = Object.hasOwn(names, name) ? names[name] : name;
    const stored = labels.get(label);
    if (stored !== undefined) values.push([stored, id]);
    else {
      const near = nearestName(label, labels.keys());
      missing.push(near === undefined ? label : `${label} (near: ${near})`);
    }
  }
  if (missing.length > 0) {
    throw new UserError({
      given: `${from} has no label ${missing.join(', ')}`,
      expected: 'a label for every class',
      remedy: `correct 'prepare.names' of ${path}, or get the labels.txt of the 459 classes`,
    });
  }
  return { values, other: 0 };
}

/** Lines such as `2: aeroplane`. */
async function readLabels(places: readonly string[]): Promise<[Map<string, number>, string]> {
  let failed: unknown;
  for (const path of places) {
    const text = await readText(path).catch((error) => {
      failed = error;
      return undefined;
    });
    if (text === undefined) continue;
    const labels = new Map<string, number>();
    for (const line of text.split(/\r?\n/)) {
      const [, number, name] = /^\s*(\d+)\s*:\s*(.+?)\s*$/.exec(line) ?? [];
      if (name === undefined) continue;
      const earlier = labels.get(name);
      if (earlier !== undefined && earlier !== Number(number)) {
        throw new UserError({
          given: `${path}: '${name}' is the label ${earlier} and ${number}`,
          expected: 'one number for every name',
        });
      }
      labels.set(name, Number(number));
    }
    return [labels, path];
  }
  throw new UserError(
    { given: 'no labels.txt of Pascal-Context', expected: `one of: ${places.join(', ')}` },
    { cause: failed },
  );
}
