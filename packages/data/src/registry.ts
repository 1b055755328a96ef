import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, didYouMean, explainFileError, type SeedTree, UserError, type ZeroShotSplit } from '@unseen/core';
import { readDatasetFile } from './read-dataset-file.ts';
import { TOY_CLASSES, TOY_SPLITS } from './toy/attributes.ts';
import { toyAttributes } from './toy/toy-attributes.ts';
import { TOY_SCENE_CLASSES, TOY_SCENE_SPLIT, toyScenes } from './toy/toy-scenes.ts';

/** A dataset that is generated rather than read. */
export interface BuiltInDataset {
  readonly description: string;
  readonly classes: number;
  readonly splits: Readonly<Record<string, ZeroShotSplit>>;
  open(seeds: SeedTree): Dataset;
}

/** The generated datasets by name. */
export const builtInDatasets: Readonly<Record<string, BuiltInDataset>> = {
  'toy-attributes': {
    description: 'generated 64x64 scenes of coloured, textured shapes',
    classes: TOY_CLASSES.length,
    splits: TOY_SPLITS,
    open: (seeds) => toyAttributes({ seeds }),
  },
  'toy-scenes': {
    description: 'toy-attributes with the background as a seen class',
    classes: TOY_SCENE_CLASSES.length,
    splits: { default: TOY_SCENE_SPLIT },
    open: (seeds) => toyScenes({ seeds }),
  },
};

/** A dataset that can be opened by name. */
export interface DatasetEntry {
  readonly name: string;
  readonly description: string;
  /** Its YAML and the folder of its files; generated datasets have none. */
  readonly path?: string;
  readonly root?: string;
  readonly classes: number;
  /** Numbers of seen and unseen classes by split. */
  readonly splits: Readonly<Record<string, readonly [number, number]>>;
}

/** Folder of the registered dataset YAMLs: `$UNSEEN_DATASETS`, else `datasets/` of the project. */
export function registryFolder(): string {
  return process.env.UNSEEN_DATASETS ?? join(import.meta.dirname, '../../../datasets');
}

/** All datasets that can be opened by name: the generated ones, then the registered ones. */
export async function listDatasets(): Promise<DatasetEntry[]> {
  const generated = Object.entries(builtInDatasets).map(([name, { description, classes, splits }]) => {
    return { name, description, classes, splits: splitSizes(splits) };
  });
  const registered = (await registeredNames()).map(async (name) => {
    const file = await readDatasetFile(join(registryFolder(), `${name}.yaml`));
    const { description } = file.settings;
    const { path, root } = file;
    return { name, description, path, root, classes: file.classes.length, splits: splitSizes(file.splits) };
  });
  return [...generated, ...(await Promise.all(registered))];
}

function splitSizes(splits: Readonly<Record<string, ZeroShotSplit>>): DatasetEntry['splits'] {
  return Object.fromEntries(
    Object.entries(splits).map(([name, { seen, unseen }]) => [name, [seen.length, unseen.length] as const]),
  );
}

/** Path of the YAML of a registered dataset; the path of a YAML is returned as it is. */
export async function datasetPath(nameOrYaml: string): Promise<string> {
  if (/\.ya?ml$/i.test(nameOrYaml)) return nameOrYaml;
  const names = await registeredNames();
  if (names.includes(nameOrYaml)) return join(registryFolder(), `${nameOrYaml}.yaml`);
  const known = [...Object.keys(builtInDatasets), ...names];
  throw new UserError({
    given: `unknown dataset '${nameOrYaml}'`,
    expected: `one of: ${known.join(', ')}, or the path of a dataset YAML`,
    ...didYouMean(nameOrYaml, known),
  });
}

/** A package installed on its own has no registry: only paths work there. */
async function registeredNames(): Promise<string[]> {
  const folder = registryFolder();
  const entries = await readdir(folder).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw explainFileError(error, folder);
  });
  return entries
    .filter((entry) => entry.endsWith('.yaml'))
    .map((entry) => entry.slice(0, -'.yaml'.length))
    .sort();
}
