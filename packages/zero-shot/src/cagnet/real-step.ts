import { type FeatureHeads, PatchHeads } from '@unseen/classifier';
import type { Contextualized } from '@unseen/contextual';
import {
  type LabelledInputs,
  type LabelledStep,
  labelledInputSpecs,
  labelledMaps,
  meanOf,
  type Trunk,
  weighted,
} from '@unseen/experiment';
import { contentLoss, crossEntropy, ganLosses, gradientPenalty, klDivergence } from '@unseen/nn';
import { ClassVectors } from '@unseen/synthesis';
import type { InputSpec, Ops, Parameter, Program } from '@unseen/tensor';
import type { LearningStage, Networks } from '../generative/generative-method.ts';
import type { SyntheticStepOptions } from '../generative/synthetic-step.ts';
import type { Cagnet } from './networks.ts';
import type { CagnetChoices, CagnetConfig, Profile, RealWeights } from './settings.ts';

/** Everything a step on real features is made of. */
export interface RealStepOptions extends LabelledInputs {
  readonly model: Cagnet;
  readonly trunk: Trunk;
  readonly vectors: ClassVectors;
  readonly choices: CagnetChoices;
  /** λ, all of them decided. */
  readonly weights: RealWeights & { readonly content: number; readonly kl: number };
  /** False while fine-tuning: trunk and contextual module are frozen (but the latter keeps sampling, CG-15). */
  readonly trainContextual: boolean;
}

/**
 * One step on real features (paper §3.4): the heads learn to tell real from synthetic and to classify,
 * the contextual module to classify and to stay near N(0, I), with what of the trunk is not frozen, the generator to
 * deceive and to reconstruct.
 * Losses `heads`, `contextual` and `generator`, all from one forward pass at the weights before the update (CG-12).
 */
export function realStep(options: RealStepOptions): Program {
  const alpha: InputSpec = { shape: [options.batch, 1, 1, 1], dtype: 'float32' };
  return {
    name: 'cagnet/real-step',
    inputs: { ...labelledInputSpecs(options), ...(options.choices.adversarial === 'wgan-gp' && { alpha }) },
    training: true,
    describe: (ops, values) => realLosses(ops, values, realPass(ops, values, options), options),
  };
}

/** What the losses of a step on real features compare: maps, or rows of their labelled positions. */
export interface RealPass<V> {
  /** X at every scale, full first; their fused maximum last where there are several. */
  readonly maps: readonly V[];
  /** Labels of each of {@link maps}. */
  readonly labels: readonly V[];
  /** Of the full scale. */
  readonly full: Pick<Contextualized<V>, 'features' | 'z' | 'mu' | 'logVariance'>;
  /** X̃ of the same labels in the same context, at full scale. */
  readonly synthetic: V;
  /** What the heads make of each of {@link maps}, and of {@link synthetic}. */
  readonly judged: readonly Judgement<V>[];
  readonly judgedSynthetic: Judgement<V>;
  /** 1 where a label counts, at full scale. */
  readonly mask: V;
}

/** Outputs of the heads. */
type Judgement<V> = ReturnType<typeof FeatureHeads.prototype.forward<V>>;

/** The forward pass of {@link realStep}. */
export function realPass<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>, options: RealStepOptions): RealPass<V> {
  const { model, trunk, choices, vectors } = options;
  const { views, maps, labels, mask, atLabels } = labelledMaps(
    ops,
    inputs,
    { ...options, classes: vectors.classes },
    (input) => model.contextualize(ops, trunk.forward(ops, input), true),
  );
  const { z, mu, logVariance } = views[0];
  const full = { features: maps[0], z: atLabels(z), mu: atLabels(mu), logVariance: atLabels(logVariance) };
  const judged = maps.map((map) => model.heads.forward(ops, map));

  const latent = choices.joint ? full.z : ops.stopGradient(full.z);
  const synthetic = model.generator.forward(ops, vectors.lookUp(ops, labels[0]), latent);
  return { maps, labels, full, synthetic, judged, judgedSynthetic: model.heads.forward(ops, synthetic), mask };
}

/** The losses of {@link realStep}. */
export function realLosses<V>(
  ops: Ops<V>,
  inputs: Readonly<Record<string, V>>,
  pass: RealPass<V>,
  options: RealStepOptions,
) {
  const { model, choices, weights } = options;
  const { full, labels, synthetic, judged, judgedSynthetic, mask } = pass;
  const jointlyTrained = [...options.trunk.parameters(), ...trainedContextual(model, choices)];
  // The classifier sees real features at every scale, the discriminator judges the full scale only.
  const classifyReal = meanOf(
    ops,
    judged.map(({ logits }, k) => crossEntropy(ops, logits, labels[k])),
  );
  const classifyFake = crossEntropy(ops, judgedSynthetic.logits, labels[0]);

  const content = contentLoss(ops, choices.content, synthetic, full.features, {
    mask,
    ...(choices.content === 'mmd' && { groups: { indices: inputs.groupPixels, mask: inputs.groupMask } }),
  });
  const adversarial = ganLosses[choices.adversarial];
  const critic = (features: V) => model.heads.forward(ops, features).realness;
  const discriminate = adversarial.discriminator(ops, {
    real: judged[0].realness,
    fake: judgedSynthetic.realness,
    mask,
    ...(choices.adversarial === 'wgan-gp' && {
      penalty: gradientPenalty(ops, critic, { real: full.features, fake: synthetic, mask, alpha: inputs.alpha }),
    }),
  });
  const deceive = adversarial.generator(ops, { fake: judgedSynthetic.realness, mask });
  const kl = klDivergence(ops, full.mu, full.logVariance, mask);

  const heads = weighted(ops, [
    [1, discriminate],
    [weights.classifyReal, classifyReal],
    [weights.classifyFake, classifyFake],
  ]);
  const contextual = weighted(ops, [
    [weights.kl, kl],
    [weights.contextualClassify, classifyReal],
    [choices.joint ? weights.content : 0, content],
  ]);
  const generator = weighted(ops, [
    [weights.adversarial, deceive],
    [weights.content, content],
    [weights.generatorClassify, classifyFake],
  ]);
  return {
    outputs: { discriminate, classifyReal, classifyFake, deceive, content, kl },
    losses: {
      heads: { value: heads, parameters: model.heads.parameters() },
      ...(options.trainContextual &&
        jointlyTrained.length > 0 && { contextual: { value: contextual, parameters: jointlyTrained } }),
      generator: { value: generator, parameters: model.generator.parameters() },
    },
  };
}

/** The contextual module's weights; the released code leaves the selector at its initialisation (CG-1). */
export function trainedContextual(model: Cagnet, choices: CagnetChoices): Parameter[] {
  if (!model.usesContext) return [];
  const { selector } = model.contextual;
  const isTrained = choices.trainSelector && selector.activation !== 'none';
  const left = new Set(isTrained ? [] : selector.parameters());
  return model.contextual.parameters().filter((parameter) => !left.has(parameter));
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

/** Runs of equal labels that the content loss compares; a batch has many more of them than classes. */
const RUNS = 256;

/** The step on real features of a stage, as `LabelledSteps` runs it. */
export function labelledStep(
  stage: LearningStage,
  { model, trunk, vectors, input, protocol }: Networks<Cagnet>,
  config: CagnetConfig,
  choices: CagnetChoices,
): LabelledStep {
  const { batch, weights } = config[stage]!;
  const { seen, unseen } = protocol.split;
  const classes = seen.length + (stage === 'selfTrain' ? unseen.length : 0);
  const { maxGroups, maxSamples } = config.cagnet.losses.mmd;
  const { content, groupBy, adversarial } = choices;
  const groups = content === 'mmd' && ([maxGroups ?? (groupBy === 'class' ? classes : RUNS), maxSamples] as const);
  const options: RealStepOptions = {
    model,
    trunk,
    vectors: stage === 'selfTrain' ? vectorsOfPseudoLabels(config, protocol, vectors) : vectors,
    choices,
    batch,
    trainContextual: stage === 'train' || stage === 'selfTrain',
    // The weight that suits the kind of content loss where the settings name none (CG-7).
    weights: { ...weights, kl: weights.kl ?? choices.kl, content: weights.content ?? (content === 'mmd' ? 50 : 10) },
    grids: input.grids,
    channels: input.channels,
    ...(input.images && { images: input.images }),
    ...(groups && { groups }),
  };
  return {
    program: (rows) => realStep({ ...options, ...(rows && { rows }) }),
    classes: vectors.classes,
    // The gradient penalty of WGAN-GP is taken per image, so it needs whole maps. Behind an encoder the rest costs so
    // little that graphs of several sizes, each with the encoder in it, are not worth their memory.
    // A classifier of patches needs the neighbours of each position.
    whole: adversarial === 'wgan-gp' || input.images !== undefined || model.heads instanceof PatchHeads,
    ...(groups && { groups: { by: groupBy, size: groups } }),
    ...(adversarial === 'wgan-gp' && {
      feeds: (random) => ({ alpha: Float32Array.from({ length: batch }, () => random.uniform()) }),
    }),
  };
}

/** Pseudo-labelled pixels are regenerated from the vectors of their classes, or, as in the released code, from 0 (ST-1). */
function vectorsOfPseudoLabels(
  { profile, selfTrain }: CagnetConfig,
  { split, vectors: rows }: Networks['protocol'],
  vectors: ClassVectors,
): ClassVectors {
  const choice = selfTrain?.unseenVectors ?? (profile === 'official' ? 'zero' : 'own');
  if (choice === 'own') return vectors;
  return new ClassVectors(rows.map((vector, c) => (c >= split.seen.length ? vector.map(() => 0) : vector)));
}
