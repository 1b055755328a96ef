import { type ClassInfo, type Dataset, SeedTree, UserError, type ZeroShotSplit } from '@unseen/core';
import { builtInDatasets, ContiguousLabels, describeDataset, openDataset } from '@unseen/data';
import type { ExperimentConfig } from './config/schema.ts';

/** The classes of an experiment. */
export interface ClassProtocol {
  /** Methods that are not zero-shot have seen classes only. */
  readonly split: ZeroShotSplit;
  readonly labels: ContiguousLabels;
  /** By train id: seen classes, then unseen ones. */
  readonly classes: readonly ClassInfo[];
}

/** {@link ClassProtocol} with the images. */
export interface DatasetProtocol extends ClassProtocol {
  readonly dataset: Dataset;
}

/** Which images of a dataset are opened; a limit that is not named leaves a subset whole. */
export type DatasetChoice = Pick<ExperimentConfig['data'], 'dataset' | 'root'> &
  Partial<Pick<ExperimentConfig['data'], 'train' | 'val'>> & { readonly split?: string };

/** The dataset of an experiment, cut to its limits, with `split` as its default split. */
export async function openExperimentDataset({ data }: { readonly data: DatasetChoice }): Promise<Dataset> {
  const generated = Object.hasOwn(builtInDatasets, data.dataset) ? builtInDatasets[data.dataset] : undefined;
  const dataset = generated
    ? // Like a dataset in files, a generated one is the same in every run.
      generated.open(new SeedTree(0))
    : await openDataset(data.dataset, {
        ...(data.split !== undefined && { split: data.split }),
        ...(data.root !== undefined && { root: data.root }),
      });
  return {
    ...dataset,
    train: dataset.train.slice(0, data.train?.limit),
    val: dataset.val.slice(0, data.val?.limit),
  };
}

/** The classes of a split in the order of train ids; `known` describes at least those. */
export function classProtocol(split: ZeroShotSplit, known: readonly ClassInfo[]): ClassProtocol {
  const labels = new ContiguousLabels(split);
  const byId = new Map(known.map((entry) => [entry.id, entry]));
  const classes = labels.order.map((id) => byId.get(id));
  const missing = labels.order.filter((_, trainId) => classes[trainId] === undefined);
  if (missing.length > 0) {
    throw new UserError({ given: `a split with class ids ${missing.join(', ')}`, expected: 'ids of the dataset' });
  }
  return { split, labels, classes: classes as ClassInfo[] };
}

/** Every class of the experiment's dataset, for methods that know no unseen ones; the images need not be there. */
export async function openAllClasses({ data }: { readonly data: DatasetChoice }): Promise<ClassProtocol> {
  const { classes } = await describeDataset(data.dataset);
  return classProtocol({ seen: classes.map(({ id }) => id), unseen: [] }, classes);
}
