import type { ClassInfo, Dataset } from '@unseen/core';
import { describeDataset, findSplit } from '@unseen/data';
import {
  type BuildContext,
  type ClassProtocol,
  classProtocol,
  type DatasetProtocol,
  type FeatureFile,
  openExperimentDataset,
  openTrunkInput,
  orSentence,
  planTrunkInput,
  type TrunkInput,
} from '@unseen/experiment';
import { loadClassVectors } from './class-vectors.ts';
import { controlVectors } from './control.ts';
import { extendClasses } from './extension.ts';
import type { TrainingSettings, ZeroShotConfig } from './settings.ts';

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

/** What a method's networks learn from, with the classes. */
export interface OpenedInput {
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
}

/** Length of class vectors that are not there: that of the published tables. */
const USUAL_VECTORS = 600;

/** Opens classes, vectors and what the networks learn from; in a dry run only their sizes are known. */
export async function openInput(
  settings: TrainingSettings,
  context: BuildContext,
  features: FeatureFile | undefined,
): Promise<OpenedInput> {
  if (context.planned) return planInput(settings, context);
  const protocol = await openProtocol(settings);
  return { protocol, input: await openTrunkInput(settings, context, protocol, features) };
}

async function planInput(settings: TrainingSettings, context: BuildContext): Promise<OpenedInput> {
  const { data, backbone } = settings;
  const known = await openClassProtocol(settings);
  const found = await orSentence(() => vectorsOf(settings, known));
  const usual = backbone.aspp ?? USUAL_VECTORS;
  const vectors = typeof found === 'string' ? known.classes.map(() => new Float32Array(usual)) : found;
  const dataset = { ...(await describeDataset(data.dataset)), ignore: [], train: [], val: [] };
  return { protocol: { ...known, dataset, vectors }, input: planTrunkInput(settings, context) };
}
