import { type ClassInfo, type Dataset, SeedTree, type ZeroShotSplit } from '@unseen/core';
import { builtInDatasets, ContiguousLabels, describeDataset, findSplit, openDataset } from '@unseen/data';
import { loadClassVectors } from './class-vectors.ts';
import { controlVectors } from './control.ts';
import { extendClasses } from './extension.ts';
import type { FeatureSettings } from './feature-settings.ts';
import type { ExperimentConfig } from './schema.ts';

/** The classes of an experiment. */
export interface ClassProtocol {
  readonly split: ZeroShotSplit;
  readonly labels: ContiguousLabels;
  /** By channel: seen classes, then unseen ones. */
  readonly classes: readonly ClassInfo[];
}

/** {@link ClassProtocol} with the images. */
export interface DatasetProtocol extends ClassProtocol {
  readonly dataset: Dataset;
}

/** Who is seen, who is not, and what is known of each class. */
export interface ZeroShotProtocol extends DatasetProtocol {
  /** Class vectors by channel. */
  readonly vectors: readonly Float32Array[];
}

/** The dataset of an experiment, cut to its limits, with `split` as its default split. */
export async function openExperimentDataset({ data }: Pick<FeatureSettings, 'data'>): Promise<Dataset> {
  const generated = Object.hasOwn(builtInDatasets, data.dataset) ? builtInDatasets[data.dataset] : undefined;
  const dataset = generated
    ? // Like a dataset in files, a generated one is the same in every run.
      generated.open(new SeedTree(0))
    : await openDataset(data.dataset, { split: data.split, ...(data.root !== undefined && { root: data.root }) });
  return {
    ...dataset,
    train: dataset.train.slice(0, data.train.limit),
    val: dataset.val.slice(0, data.val.limit),
  };
}

/** The classes of an experiment's split; the images of its dataset need not be there. */
export async function openClassProtocol(config: ExperimentConfig): Promise<ClassProtocol> {
  return protocolOf(await describeDataset(config.data.dataset), config);
}

/** Opens dataset and split. */
export async function openDatasetProtocol(config: ExperimentConfig): Promise<DatasetProtocol> {
  const dataset = await openExperimentDataset(config);
  return { dataset, ...protocolOf(dataset, config) };
}

/** Opens dataset, split and class vectors; a class without a vector is a `UserError` that lists all of them. */
export async function openProtocol(config: ExperimentConfig): Promise<ZeroShotProtocol> {
  const protocol = await openDatasetProtocol(config);
  const vectors = await loadClassVectors(config, protocol.classes);
  return { ...protocol, vectors: controlVectors(config, vectors, protocol.split.seen.length) };
}

function protocolOf(
  { name, classes, splits }: Pick<Dataset, 'name' | 'classes' | 'splits'>,
  { data, extend }: ExperimentConfig,
): ClassProtocol {
  const original = { split: findSplit(splits, data.split, name), classes };
  const { split, classes: all } = extend ? extendClasses(original.split, classes, extend) : original;
  const labels = new ContiguousLabels(split);
  const byId = new Map(all.map((entry) => [entry.id, entry]));
  return { split, labels, classes: labels.order.map((id) => byId.get(id)!) };
}
