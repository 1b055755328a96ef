import { describeDataset } from '@unseen/data';
import {
  type BuildContext,
  type FeatureFile,
  openTrunkInput,
  orSentence,
  planTrunkInput,
  type TrunkInput,
} from '@unseen/experiment';
import { openClassProtocol, openProtocol, vectorsOf, type ZeroShotProtocol } from './protocol.ts';
import type { TrainingSettings } from './settings.ts';

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
