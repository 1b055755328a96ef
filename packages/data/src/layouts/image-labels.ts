import { join } from 'node:path';
import { ignoreOf, UserError } from '@unseen/core';
import { readJsonObject } from '@unseen/formats';
import { classIdOf, type DatasetFile } from '../dataset-file.ts';
import { maskValues, toLabelMap } from '../mask.ts';
import type { ImageLabelSettings } from './common-settings.ts';
import type { ListedImage } from './listing.ts';
import { readVocObjects } from './voc-xml.ts';

/** The entries of a listing with their image labels, as the dataset's settings say. */
export async function withImageLabels(
  file: DatasetFile,
  entries: readonly ListedImage[],
  settings: ImageLabelSettings | undefined,
  annotations?: string,
): Promise<readonly ListedImage[]> {
  if (!settings) return entries;
  const left = new Set(settings.except.map((given) => classIdOf(file, given)));
  const labelsOf = await source(file, settings, annotations);
  return entries.map((entry) => {
    const labels = labelsOf(entry);
    return labels ? { ...entry, imageLabels: async () => (await labels()).filter((id) => !left.has(id)) } : entry;
  });
}

type Labels = (() => Promise<readonly number[]>) | undefined;

async function source(
  file: DatasetFile,
  settings: ImageLabelSettings,
  annotations: string | undefined,
): Promise<(entry: ListedImage) => Labels> {
  switch (settings.from) {
    case 'masks':
      return (entry) => entry.rawMask && (() => labelsOfMask(file, entry));
    case 'xml':
      if (annotations === undefined) {
        throw new UserError({
          given: `${file.path}: 'imageLabels: xml' with the layout '${file.settings.layout}'`,
          expected: "the layout 'voc', or labels from masks or a JSON file",
        });
      }
      return ({ id }) =>
        () =>
          labelsOfXml(file, join(annotations, `${id}.xml`), settings);
    default: {
      const byId = await readImageLabels(file, settings.from);
      return ({ id }) => {
        const labels = byId.get(id);
        return labels && (async () => labels);
      };
    }
  }
}

async function labelsOfMask(file: DatasetFile, entry: ListedImage): Promise<number[]> {
  const { data } = toLabelMap(await entry.rawMask!(), entry.maskPath ?? entry.id, maskValues(file));
  const present = new Set<number>(data);
  present.delete(ignoreOf(data));
  return [...present].sort((a, b) => a - b);
}

async function labelsOfXml(file: DatasetFile, path: string, settings: ImageLabelSettings): Promise<number[]> {
  const present = new Set<number>();
  for (const { name, difficult } of await readVocObjects(path)) {
    const called = Object.hasOwn(settings.names, name) ? settings.names[name] : name;
    if (called === null || (difficult && !settings.difficult)) continue;
    const found = file.classes.find((info) => info.name === called);
    if (!found) {
      throw new UserError({
        given: `${path} has an object '${name}', which is not a class of the dataset`,
        expected: `one of: ${file.classes.map((info) => info.name).join(', ')}`,
        remedy: `give its class with imageLabels: {from: xml, names: {${name}: CLASS}}, or null to skip it`,
      });
    }
    present.add(found.id);
  }
  return [...present].sort((a, b) => a - b);
}

/** Image labels from JSON: lists of class names or ids by image id. Names that are not a class are {@link UserError}s. */
async function readImageLabels(
  { root, classes }: DatasetFile,
  name: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const path = join(root, name);
  const byName = new Map<unknown, number>(classes.flatMap(({ id, name }) => [[name, id] as const, [id, id] as const]));
  const labels = new Map<string, number[]>();
  await readJsonObject(path, {
    list: (id) => labels.set(id, []),
    element: (id, label) => {
      const found = byName.get(label);
      if (found === undefined) {
        throw new UserError({
          given: `${path}: image '${id}' has the label '${label}'`,
          expected: 'a class of the dataset',
        });
      }
      labels.get(id)!.push(found);
    },
    member: (id) => {
      throw new UserError({ given: `${path}: '${id}' is not a list`, expected: 'a list of class names or ids' });
    },
  });
  return labels;
}

/** The classes that are defined, each once, in increasing order. */
export function presentClasses(classes: readonly (number | undefined)[]): number[] {
  return [...new Set(classes.filter((id) => id !== undefined))].sort((a, b) => a - b);
}
