import { type ClassInfo, type Dataset, SeedTree, type ZeroShotSplit } from '@unseen/core';
import { builtInDatasets, ContiguousLabels, findSplit, openDataset } from '@unseen/data';
import { loadClassVectors } from './class-vectors.ts';
import type { ExperimentConfig } from './schema.ts';

/** Who is seen, who is not, and what is known of each class. */
export interface ZeroShotProtocol {
  readonly dataset: Dataset;
  readonly split: ZeroShotSplit;
  readonly labels: ContiguousLabels;
  /** By channel: seen classes, then unseen ones. */
  readonly classes: readonly ClassInfo[];
  /** Class vectors by channel. */
  readonly vectors: readonly Float32Array[];
}

/** The dataset of an experiment, cut to its limits, with `split` as its default split. */
export async function openExperimentDataset({ data }: ExperimentConfig): Promise<Dataset> {
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

/** Opens dataset, split and class vectors; a class without a vector is a `UserError` that lists all of them. */
export async function openProtocol(config: ExperimentConfig): Promise<ZeroShotProtocol> {
  const dataset = await openExperimentDataset(config);
  const split = findSplit(dataset.splits, config.data.split, dataset.name);
  const labels = new ContiguousLabels(split);
  const byId = new Map(dataset.classes.map((entry) => [entry.id, entry]));
  const classes = labels.order.map((id) => byId.get(id)!);
  return { dataset, split, labels, classes, vectors: await loadClassVectors(config.embeddings, classes) };
}
