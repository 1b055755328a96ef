import { dirname, isAbsolute, join } from 'node:path';
import { type ClassInfo, didYouMean, IGNORE, UserError, type ZeroShotSplit } from '@unseen/core';
import { expandDataFolder, readYamlDocument, validate, type YamlDocument } from '@unseen/formats';
import { generatedPalette, vocPalette } from '@unseen/vision';
import { z } from 'zod';
import { type DatasetFile, findClass } from './dataset-file.ts';
import { layouts } from './layouts/layouts.ts';

const [firstLayout, ...otherLayouts] = Object.values(layouts);

/** What a dataset YAML may say. */
export const datasetSchema = z.discriminatedUnion('layout', [
  firstLayout.schema,
  ...otherLayouts.map(({ schema }) => schema),
]);

/** The settings of a checked dataset YAML. */
export type DatasetSettings = z.output<typeof datasetSchema>;

/** Reads and checks a dataset YAML. Every problem is a {@link UserError} with file:line:column. */
export async function readDatasetFile(
  path: string,
  options: { readonly root?: string } = {},
): Promise<DatasetFile<DatasetSettings>> {
  const document = await readYamlDocument(path);
  const settings = validate(document.value, datasetSchema, document.locate);
  checkClasses(settings, document);
  checkStoredValues(settings, document);
  const colors = settings.palette === 'voc' ? vocPalette() : generatedPalette(settings.classes.length);
  const classes = settings.classes.map(({ id, name, color, wordRow }, index) => ({
    id,
    name,
    color: color ?? colors[settings.palette === 'voc' ? id % colors.length : index],
    ...(wordRow === undefined ? {} : { wordRow }),
  }));
  const splits = Object.entries(settings.splits).map(([name, split]) => {
    const resolve = (group: 'seen' | 'unseen') =>
      split[group].map((given, index) => resolveClass(given, classes, document, ['splits', name, group, index]));
    const resolved = { seen: resolve('seen'), unseen: resolve('unseen') };
    checkGroups(resolved, classes, document, name);
    return [name, resolved];
  });
  const root = options.root ?? expandRoot(settings.root, dirname(path));
  const valueMap =
    settings.map &&
    new Map(
      Object.entries(settings.map).map(([stored, given]) => {
        const id = resolveClass(given, classes, document, ['map', stored]);
        return [Number(stored), id] as const;
      }),
    );
  return { path, settings, root, classes, splits: Object.fromEntries(splits), ...(valueMap && { valueMap }) };
}

function expandRoot(root: string, folder: string): string {
  const expanded = expandDataFolder(root);
  return isAbsolute(expanded) ? expanded : join(folder, expanded);
}

function checkClasses({ classes }: DatasetSettings, { locate }: YamlDocument): void {
  for (const key of ['id', 'name'] as const) {
    const first = new Map<string | number, number>();
    classes.forEach((info, index) => {
      const earlier = first.get(info[key]);
      if (earlier !== undefined) {
        const place = locate(['classes', index, key]).place;
        throw new UserError({
          given: `${place}: the ${key} '${info[key]}' is also that of classes.${earlier}`,
          expected: `a different ${key} for every class`,
        });
      }
      first.set(info[key], index);
    });
  }
}

/** What is stored for a class may not mean "unlabelled" as well; `map` may give 255 a class. */
function checkStoredValues({ classes, ignore, map }: DatasetSettings, { locate }: YamlDocument): void {
  const stored = map
    ? Object.keys(map).map((value) => ({ value: Number(value), path: ['map', value], what: `'map' has the value` }))
    : classes.map(({ id, name }, i) => ({ value: id, path: ['classes', i, 'id'], what: `class '${name}' has the id` }));
  const isTaken = (value: number) => !map && value === IGNORE && stored.every((other) => other.value <= IGNORE);
  for (const { value, path, what } of stored) {
    if (!isTaken(value) && !ignore.includes(value)) continue;
    throw new UserError({
      given: `${locate(path).place}: ${what} ${value}, which means "unlabelled"`,
      expected: 'a value outside the ignored ones',
      ...(!map &&
        value === IGNORE && {
          remedy:
            "give the class another id, and say 'map: {255: its name, …}' with all values if the masks hold 255 for it",
        }),
    });
  }
}

function resolveClass(
  given: string | number,
  classes: readonly ClassInfo[],
  { locate }: YamlDocument,
  path: readonly PropertyKey[],
): number {
  const found = findClass(given, classes);
  if (found) return found.id;
  const names = classes.map((one) => one.name);
  throw new UserError({
    given: `${locate(path).place}: '${path.join('.')}' is '${given}', which is not a class of the dataset`,
    expected: "the name or the id of one of its 'classes'",
    ...(typeof given === 'string' ? didYouMean(given, names) : {}),
  });
}

function checkGroups(
  split: ZeroShotSplit,
  classes: readonly ClassInfo[],
  { locate }: YamlDocument,
  name: string,
): void {
  const nameOf = (id: number) => classes.find((info) => info.id === id)?.name;
  for (const group of ['seen', 'unseen'] as const) {
    split[group].forEach((id, index) => {
      const place = () => locate(['splits', name, group, index]).place;
      if (split[group].indexOf(id) !== index) {
        throw new UserError({ given: `${place()}: class '${nameOf(id)}' is listed twice as ${group}` });
      }
      if (group === 'unseen' && split.seen.includes(id)) {
        throw new UserError({
          given: `${place()}: class '${nameOf(id)}' is both seen and unseen in split '${name}'`,
          expected: 'disjoint lists',
        });
      }
    });
  }
}
