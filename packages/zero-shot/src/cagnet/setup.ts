import { PatchHeads } from '@unseen/classifier';
import { openInput, type StageContext } from '@unseen/experiment';
import { ClassVectors } from '@unseen/synthesis';
import type { RealTrainerOptions } from '../generative/real-trainer.ts';
import type { GenerativeSetup } from '../generative/recipe.ts';
import type { SyntheticStepOptions } from '../generative/synthetic-step.ts';
import { Cagnet } from './model.ts';
import { type RealStepOptions, realStep } from './real-step.ts';
import {
  type CagnetChoices,
  type CagnetSettings,
  chooseByProfile,
  type Profile,
  type RealWeights,
} from './settings.ts';

/** A checked configuration of this method. */
export type CagnetConfig = StageContext['config'] & CagnetSettings;

/** What every stage works with; the networks are freshly initialised from the run's seeds. */
export interface CagnetSetup extends GenerativeSetup {
  readonly config: CagnetConfig;
  readonly model: Cagnet;
  readonly choices: CagnetChoices;
}

/**
 * Opens the protocol and the stored features (or the images), and builds the networks; `patch` is the side of the patches that
 * the classifier sees, where it does not see single pixels.
 */
export async function setUp(context: StageContext, config: CagnetConfig, patch?: number): Promise<CagnetSetup> {
  const { protocol, input } = await openInput(context);
  const { seen, unseen } = protocol.split;
  const choices = chooseByProfile(config.profile, config.cagnet);
  const vectors = new ClassVectors(protocol.vectors);
  const sizes = { embedding: vectors.dimension, seen: seen.length, unseen: unseen.length };
  const trunk = await input.trunk();
  const { channels } = trunk;
  const model = new Cagnet(
    { ...sizes, channels, ...(patch && { patch }) },
    config.cagnet.network,
    choices,
    context.seeds.child('cagnet'),
  );
  const modules = { cagnet: model, ...trunk.modules };
  const { generator, heads: classifier } = model;
  return { config, protocol, input, vectors, choices, trunk, model, generator, classifier, modules };
}

/** Runs of equal labels that the content loss compares; a batch has many more of them than classes. */
const RUNS = 256;

/** What the stages choose of a step on real features. */
export interface RealChoices {
  readonly batch: number;
  readonly weights: RealWeights;
  readonly trainContextual: boolean;
  /** Classes that labels can be of. Default: the seen ones. */
  readonly labelled?: number;
}

/** Options of a step on real features: what the stages share and what they choose. */
export function realOptions(
  { model, trunk, vectors, choices, input, config, protocol }: CagnetSetup,
  stage: RealChoices,
): RealStepOptions {
  const { batch, weights, trainContextual, labelled = protocol.split.seen.length } = stage;
  const { maxGroups, maxSamples } = config.cagnet.losses.mmd;
  const usualGroups = choices.groupBy === 'class' ? labelled : RUNS;
  return {
    model,
    trunk,
    vectors,
    choices,
    batch,
    trainContextual,
    weights: {
      ...weights,
      kl: weights.kl ?? choices.kl,
      // The weight that suits the kind of content loss where the settings name none (CG-7).
      content: weights.content ?? (choices.content === 'mmd' ? 50 : 10),
    },
    grids: input.grids,
    channels: input.channels,
    ...(input.images && { images: input.images }),
    ...(choices.content === 'mmd' && { groups: [maxGroups ?? usualGroups, maxSamples] as const }),
  };
}

/** A step on real features as its trainer runs it. */
export function realTrainerOptions(setup: CagnetSetup, stage: RealChoices): RealTrainerOptions {
  const options = realOptions(setup, stage);
  const { model, vectors, choices, images, groups, batch } = options;
  return {
    program: (rows) => realStep({ ...options, ...(rows && { rows }) }),
    classes: vectors.classes,
    // The gradient penalty of WGAN-GP is taken per image, so it needs whole maps. Behind an encoder the rest costs so
    // little that graphs of several sizes, each with the encoder in it, are not worth their memory.
    // A classifier of patches needs the neighbours of each position.
    whole: choices.adversarial === 'wgan-gp' || images !== undefined || model.heads instanceof PatchHeads,
    ...(groups && { groups: { by: choices.groupBy, size: groups } }),
    ...(choices.adversarial === 'wgan-gp' && {
      feeds: (random) => ({ alpha: Float32Array.from({ length: batch }, () => random.uniform()) }),
    }),
  };
}

/**
 * A step of self-training: labels are of all classes, and pseudo-labelled pixels are regenerated from the vectors of their
 * classes, or, as in the released code, from 0 (ST-1).
 */
export function selfTrainerOptions(
  setup: CagnetSetup,
  { batch, weights, unseenVectors }: NonNullable<CagnetSettings['selfTrain']>,
): RealTrainerOptions {
  const { seen, unseen } = setup.protocol.split;
  const isZero = (unseenVectors ?? (setup.config.profile === 'official' ? 'zero' : 'own')) === 'zero';
  const rows = setup.protocol.vectors.map((vector, c) => (isZero && c >= seen.length ? vector.map(() => 0) : vector));
  const stage = { batch, weights, trainContextual: true, labelled: seen.length + unseen.length };
  return realTrainerOptions({ ...setup, vectors: new ClassVectors(rows) }, stage);
}

/**
 * What of the networks a step on synthetic features moves: the discriminator has no loss there, and only the released
 * code lets weight decay and momentum move it, and the generator (CG-8).
 */
export function syntheticOptions(
  { heads, generator }: Cagnet,
  profile: Profile,
): Pick<SyntheticStepOptions, 'generator' | 'classifier' | 'trained' | 'drift'> {
  const parts = { generator, classifier: heads };
  return profile === 'official' ? { ...parts, trained: heads.parameters(), drift: true } : parts;
}
