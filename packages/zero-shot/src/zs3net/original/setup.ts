import {
  backbones,
  createSegmentationNetwork,
  DeepLabV3Plus,
  loadBackbone,
  type SegmentationDefinition,
  segmentationNetworks,
} from '@unseen/backbone';
import {
  type LabelData,
  type LabelMap,
  lookUp,
  type RandomStream,
  type Sample,
  type SeedTree,
  UserError,
} from '@unseen/core';
import { ContiguousLabels, guardTraining, leakUnseenLayouts } from '@unseen/data';
import { LabelledBatches, type SettingProblem, type StageContext } from '@unseen/experiment';
import { constant, type Initializer } from '@unseen/nn';
import { openProtocol, type ZeroShotProtocol } from '../../protocol/protocol.ts';
import { trainingSettings } from '../../protocol/settings.ts';
import { withoutUnseen } from '../../protocol/without-unseen.ts';
import { chooseOriginal, type Zs3NetOriginalChoices, type Zs3NetOriginalConfig } from './settings.ts';
import { shortSideSource } from './short-side-source.ts';

/** What every stage works with; the network is freshly initialised. */
export interface OriginalSetup {
  readonly config: Zs3NetOriginalConfig;
  readonly choices: Zs3NetOriginalChoices;
  readonly protocol: ZeroShotProtocol;
  readonly definition: SegmentationDefinition;
  readonly network: DeepLabV3Plus;
  /** Numbers of classes. */
  readonly seen: number;
  readonly classes: number;
  /** Side of the training crops. */
  readonly crop: number;
}

/** Opens the protocol and builds the network, its backbone with the weights of the experiment where there are some. */
export async function setUp(
  context: Pick<StageContext, 'seeds'>,
  config: Zs3NetOriginalConfig,
): Promise<OriginalSetup> {
  const protocol = await openProtocol(trainingSettings(config));
  const { seen, unseen } = protocol.split;
  const classes = seen.length + unseen.length;
  const network = buildNetwork(config, classes, context.seeds.child('network'));
  const { name, weights } = config.backbone;
  if (weights !== undefined) await loadBackbone(weights, network.encoder, name);
  return {
    config,
    choices: chooseOriginal(config),
    protocol,
    definition: definitionOf(config),
    network,
    seen: seen.length,
    classes,
    crop: config.data.crop ?? config.data.size[0],
  };
}

/** The network of an experiment; another one than a DeepLab v3+ on the experiment's backbone is a {@link UserError}. */
function buildNetwork(
  config: Pick<Zs3NetOriginalConfig, 'zs3net' | 'backbone'>,
  classes: number,
  seeds: SeedTree,
  init?: Initializer,
): DeepLabV3Plus {
  const { outputStride } = config.backbone;
  const name = config.zs3net.network;
  const network = createSegmentationNetwork(name, { classes, outputStride, seeds, ...(init && { init }) });
  if (network instanceof DeepLabV3Plus) return network;
  throw new UserError({ given: `network ${name}`, expected: 'a DeepLab v3+: ZS3Net generates what its decoder gives' });
}

/** A network to load weights into. */
export function emptyNetwork(config: Zs3NetOriginalConfig, classes: number, seeds: SeedTree): DeepLabV3Plus {
  return buildNetwork(config, classes, seeds, constant(0));
}

/** What the registry says of the experiment's network. */
export function definitionOf({ zs3net }: Pick<Zs3NetOriginalConfig, 'zs3net'>): SegmentationDefinition {
  return lookUp(segmentationNetworks, zs3net.network, 'segmentation network');
}

/** What is wrong with settings that are each fine by themselves. */
export function checkOriginal(config: Zs3NetOriginalConfig): SettingProblem[] {
  const { backbone, data, zs3net, finetune, train } = config;
  const problems: SettingProblem[] = [];
  const unless = (fine: boolean, path: readonly string[], message: string) => {
    if (!fine) problems.push({ path, message });
  };
  const definition = Object.hasOwn(segmentationNetworks, zs3net.network) ? definitionOf(config) : undefined;
  unless(definition !== undefined, ['zs3net', 'network'], `one of: ${Object.keys(segmentationNetworks).join(', ')}`);
  if (definition) {
    const { name, backbone: own } = definition;
    unless(backbone.name === own && own in backbones, ['backbone', 'name'], `${own}, on which ${name} stands`);
  }
  unless(backbone.train, ['backbone', 'train'], 'true: the network is trained end to end');
  unless(!backbone.aspp, ['backbone', 'aspp'], 'null: DeepLab v3+ has a pyramid of its own');
  unless(
    data.size[0] === data.size[1] || Boolean(data.crop),
    ['data', 'crop'],
    'the side of the crops, for a size that is not square',
  );
  unless(train.batch > 1, ['train', 'batch'], 'at least 2: images are normalised by the statistics of their batch');
  unless(
    finetune.batch > 1 || chooseOriginal(config).extractor === 'frozen',
    ['finetune', 'batch'],
    'at least 2 with extractor train',
  );
  return problems;
}

/** Training samples with the channels that a stage may know of their pixels. */
export interface TrainingCrops {
  readonly samples: readonly Sample[];
  channelsOf(labels: LabelMap): LabelData;
  /** Labels below this can occur. */
  readonly classes: number;
}

/** Samples that went through the leakage guard, without images that show unseen classes where the settings say so (ZS-6). */
export async function guardedCrops(
  context: StageContext,
  { config, protocol, seen }: OriginalSetup,
): Promise<TrainingCrops> {
  const { dataset, split } = protocol;
  const channels = new ContiguousLabels(split);
  const isKept = config.train.unseenImages === 'keep';
  const { samples } = isKept ? guardTraining(dataset, split) : await withoutUnseen(context, dataset, split);
  return { samples, channelsOf: (labels) => channels.toTrainChannels(labels).data, classes: seen };
}

/** All training samples with the masks of unseen classes, and a loud warning (ZS-1). */
export function leakedCrops({ progress }: StageContext, { protocol, classes }: OriginalSetup): TrainingCrops {
  const channels = new ContiguousLabels(protocol.split);
  const { leaked, warning } = leakUnseenLayouts(protocol.dataset, protocol.split);
  progress.warn(`the leakage guard is opted out of: ${warning}`);
  return { samples: leaked, channelsOf: (labels) => channels.toTestChannels(labels).data, classes };
}

/** Batches of crops for a stage. */
export function batchesOf(
  { config, definition, crop }: OriginalSetup,
  { samples, channelsOf, classes }: TrainingCrops,
  { batch, random }: { readonly batch: number; readonly random: RandomStream },
): LabelledBatches {
  const { base, ...augment } = config.augment;
  const source = shortSideSource(samples, {
    augmentation: { ...augment, base: base ?? crop, crop },
    normalization: definition.input,
    channelsOf,
    random,
  });
  return new LabelledBatches({ sources: [source], batch, classes, random });
}
