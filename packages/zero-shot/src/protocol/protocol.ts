import type { ClassInfo, Dataset } from '@unseen/core';
import { describeDataset, findSplit } from '@unseen/data';
import { type ClassProtocol, classProtocol, type DatasetProtocol, openExperimentDataset } from '@unseen/experiment';
import { loadClassVectors } from './class-vectors.ts';
import { controlVectors } from './control.ts';
import { extendClasses } from './extension.ts';
import type { ZeroShotConfig } from './settings.ts';

/** Who is seen, who is not, and what is known of each class. */
export interface ZeroShotProtocol extends DatasetProtocol {
  /** Class vectors by train id. */
  readonly vectors: readonly Float32Array[];
}

/** Settings that decide the classes. */
export type ClassSettings = Pick<ZeroShotConfig, 'extend'> & {
  readonly data: Pick<ZeroShotConfig['data'], 'dataset' | 'root' | 'split'> &
    Partial<Pick<ZeroShotConfig['data'], 'train' | 'val'>>;
};

/** The classes of an experiment's split; the images of its dataset need not be there. */
export async function openClassProtocol(config: ClassSettings): Promise<ClassProtocol> {
  return protocolOf(await describeDataset(config.data.dataset), config);
}

/** Opens dataset and split. */
export async function openDatasetProtocol(config: ClassSettings): Promise<DatasetProtocol> {
  const dataset = await openExperimentDataset(config);
  return { dataset, ...protocolOf(dataset, config) };
}

/** Opens dataset, split and class vectors; a class without a vector is a `UserError` that lists all of them. */
export async function openProtocol(
  config: ClassSettings & Pick<ZeroShotConfig, 'embeddings'>,
): Promise<ZeroShotProtocol> {
  const protocol = await openDatasetProtocol(config);
  return { ...protocol, vectors: await vectorsOf(config, protocol) };
}

/** The vectors of an experiment's classes, as its control wants them. */
export async function vectorsOf(
  config: Pick<ZeroShotConfig, 'embeddings' | 'extend'>,
  { classes, split }: { readonly classes: readonly ClassInfo[]; readonly split: ClassProtocol['split'] },
): Promise<readonly Float32Array[]> {
  return controlVectors(config, await loadClassVectors(config, classes), split.seen.length);
}

function protocolOf(
  { name, classes, splits }: Pick<Dataset, 'name' | 'classes' | 'splits'>,
  { data, extend }: ClassSettings,
): ClassProtocol {
  const split = findSplit(splits, data.split, name);
  const all = extend ? extendClasses(split, classes, extend) : { split, classes };
  return classProtocol(all.split, all.classes);
}
