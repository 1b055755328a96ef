import {
  type BuildContext,
  type FeatureFile,
  LabelledSteps,
  labelledShare,
  type PlannedStage,
  PseudoLabeller,
  type Segmenter,
  type Stage,
  type StageContext,
  scheduledOptimizer,
  type Training,
  type Trunk,
  trainingStreams,
  trainStage,
  type Weights,
} from '@unseen/experiment';
import { readLosses, type ScheduledOptimizers } from '@unseen/nn';
import { ClassVectors, labelPrior, unseenProbabilityOf } from '@unseen/synthesis';
import type { DataStages } from '../protocol/data-stages.ts';
import { openInput } from '../protocol/protocol.ts';
import { type TrainingSettings, trainingSettings } from '../protocol/settings.ts';
import type { GenerativeMethod, GenerativeModel, LearningStage, Networks } from './generative-method.ts';
import { choosePseudoLabels } from './settings.ts';
import { type SyntheticSteps, syntheticStep, syntheticSteps } from './synthetic-step.ts';

/** Seeds of a stage keep the names under which the published figures were made. */
const SEED_NAMES: Readonly<Record<string, string>> = { selfTrain: 'self-train', finetune2: 'finetune-2' };

/** Name of a stage in the tree of seeds. */
export function seedNameOf(stage: string): string {
  return SEED_NAMES[stage] ?? stage;
}

/** Streams of a stage's batches and noise. */
function streamsOf({ seeds }: StageContext, stage: string) {
  return trainingStreams(seeds, seedNameOf(stage));
}

/** Opens the data and builds the networks of a method. */
export async function buildNetworks<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  context: BuildContext,
  settings: TrainingSettings,
  features: FeatureFile | undefined,
): Promise<Networks<M>> {
  const { protocol, input } = await openInput(settings, context, features);
  const trunk = await input.trunk();
  const vectors = new ClassVectors(protocol.vectors);
  const { seen, unseen } = protocol.split;
  const sizes = { channels: trunk.channels, embedding: vectors.dimension, seen: seen.length, unseen: unseen.length };
  const model = method.build(sizes, context.seeds);
  const modules = { [method.module]: model, ...trunk.modules };
  return { protocol, input, vectors, trunk, model, classifier: method.classifier(model), modules };
}

/** The first stage: all networks learn from real features of seen classes, the trunk where it is not frozen. */
export function learnStage<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  { training }: DataStages,
): Stage<Weights> {
  const { config, blocks } = method;
  const settings = trainingSettings(config);
  return trainStage({
    name: 'train',
    settings: { ...settings, ...blocks, train: config.train },
    needs: training,
    schedule: config.train,
    build: async (context, { features }): Promise<Training> => {
      const networks = await buildNetworks(method, context, settings, features);
      const { input, modules } = networks;
      const streams = streamsOf(context, 'train');
      const optimizers = method.optimizers('train', context.engine, networks);
      const steps = new LabelledSteps(context.engine, method.realStep('train', networks), optimizers);
      const batches = input.batches({ batch: config.train.batch, random: streams.batches });
      return {
        modules,
        optimizers,
        batches,
        noise: streams.noise,
        step: (iteration) => steps.run(batches, iteration, streams.noise),
        hooks: method.hooks?.(context, networks, batches) ?? [],
        close: () => closing(steps, input),
      };
    },
    plan: (context) => plan(method, context, 'train'),
  });
}

/** Where a fine-tuning stands among the stages. */
export interface FinetunePlace<M extends GenerativeModel> {
  readonly name: string;
  /** Key of its settings. */
  readonly stage: 'finetune' | 'finetune2';
  readonly data: DataStages;
  /** Stages that it reads besides its features, and how its initial weights are put in place. */
  readonly needs: Readonly<Record<string, Stage>>;
  start(networks: Networks<M>, context: StageContext): Promise<void>;
}

/**
 * Fine-tuning (CaGNet, paper §3.5): steps on real features of seen classes take turns with steps on synthetic features of all
 * classes. The trunk, and what makes the features of it, is frozen; optimizers start anew.
 */
export function finetuneStage<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  { name, stage, data, needs, start }: FinetunePlace<M>,
): Stage<Weights> {
  const { config, blocks } = method;
  const chosen = requireSettings(config[stage], stage);
  const settings = trainingSettings(config);
  return trainStage({
    name,
    settings: { ...settings, ...blocks, [stage]: chosen },
    needs: { ...data.training, ...needs },
    schedule: chosen,
    build: async (context, inputs): Promise<Training> => {
      const { engine } = context;
      const networks = await buildNetworks(method, context, settings, inputs.features as FeatureFile | undefined);
      await start(networks, context);
      const { input, modules, model, classifier } = networks;
      const { iterations, optimizers: rules, alternate } = chosen;
      const optimizers: ScheduledOptimizers = {
        heads: scheduledOptimizer(engine, rules.heads, classifier.parameters(), iterations),
        generator: scheduledOptimizer(engine, rules.generator, model.generator.parameters(), iterations),
      };
      const real = new LabelledSteps(engine, method.realStep(stage, networks), optimizers);
      const synthetic = method.patches
        ? await method.patches.steps(stage, context, networks, optimizers)
        : pixelSteps(method, stage, context, networks, optimizers);
      const streams = streamsOf(context, name);
      const batches = input.batches({ batch: chosen.batch, random: streams.batches });
      return {
        modules,
        optimizers,
        batches,
        noise: streams.noise,
        step: (iteration) =>
          isRealTurn(iteration, { real: alternate, synthetic: alternate })
            ? real.run(batches, iteration, streams.noise)
            : synthetic.run(iteration, streams.noise),
        close: () => closing(real, synthetic, input),
      };
    },
    plan: (context) => plan(method, context, stage),
  });
}

/**
 * Whether an iteration of the fine-tuning works on real features: `real` iterations on them, then `synthetic` iterations
 * on synthetic ones, over and over.
 */
export function isRealTurn(iteration: number, turns: { readonly real: number; readonly synthetic: number }): boolean {
  return iteration % (turns.real + turns.synthetic) < turns.real;
}

/** Steps on synthetic features of single pixels, whose classes are drawn from a prior. */
function pixelSteps<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  stage: 'finetune' | 'finetune2',
  { engine }: StageContext,
  networks: Networks<M>,
  optimizers: ScheduledOptimizers,
): SyntheticSteps {
  const { model, classifier, vectors, protocol } = networks;
  const { generator } = model;
  const { draws, transfer, unseenProbability } = requireSettings(method.config[stage], stage);
  const classes = { seen: protocol.split.seen.length, unseen: protocol.split.unseen.length };
  const prior = labelPrior({ ...classes, unseenProbability: unseenProbabilityOf(unseenProbability, classes) });
  const options = { generator, classifier, vectors, draws, transfer, ...method.synthetic(networks), prior };
  return syntheticSteps(engine, options, optimizers);
}

/**
 * Self-training (CaGNet, paper §3.6): networks label unlabelled pixels of each training batch, in which the leakage guard has
 * hidden unseen classes among others, and all networks learn from real features with these labels as in the first stage.
 * Transductive: what unseen classes look like is seen, their masks are not.
 */
export function selfTrainStage<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  { training }: DataStages,
  after: Stage<Weights>,
): Stage<Weights> {
  const { config, blocks } = method;
  const chosen = requireSettings(config.selfTrain, 'selfTrain');
  const { batch, crop } = chosen;
  const common = trainingSettings(config);
  const settings = crop ? { ...common, data: { ...common.data, crop } } : common;
  return trainStage({
    name: 'selfTrain',
    settings: { ...settings, ...blocks, selfTrain: chosen },
    needs: { ...training, after },
    schedule: chosen,
    build: async (context, inputs): Promise<Training> => {
      const { engine } = context;
      const networks = await buildNetworks(method, context, settings, inputs.features as FeatureFile | undefined);
      const { input, modules, trunk, protocol } = networks;
      const before = inputs.after as Weights;
      await before.load(modules);
      const optimizers = method.optimizers('selfTrain', engine, networks);
      const steps = new LabelledSteps(engine, method.realStep('selfTrain', networks), optimizers);
      const classes = { seen: protocol.split.seen.length, unseen: protocol.split.unseen.length };
      const { teacher, rule, excludePadding } = choosePseudoLabels(chosen.pseudoLabels, config.profile);
      const labeller = new PseudoLabeller(engine, {
        ...(teacher === 'current'
          ? { segmenter: method.segmenterOf(networks.model), trunk }
          : await loadTeacher(method, networks, before)),
        frozen: teacher === 'finetuned',
        input,
        batch,
        ...classes,
        rule,
        excludePadding,
      });
      const streams = streamsOf(context, 'selfTrain');
      const batches = input.batches({ batch, random: streams.batches });
      return {
        modules,
        optimizers,
        batches,
        noise: streams.noise,
        async step(iteration) {
          const labelled = await labeller.label(batches);
          const losses = await steps.run(labelled, iteration, streams.noise);
          const all = classes.seen + classes.unseen;
          const pseudoLabelled = labelledShare(batches.labels[0], labelled.labels[0], all);
          return async () => ({ ...(await readLosses(losses)), pseudoLabelled });
        },
        close: () => closing(steps, labeller, input),
      };
    },
    plan: (context) => plan(method, context, 'selfTrain'),
  });
}

/** Networks of their own with the weights that a stage has left. */
async function loadTeacher<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  { input, protocol }: Networks<M>,
  weights: Weights,
): Promise<{ readonly segmenter: Segmenter; readonly trunk: Trunk }> {
  const trunk = await input.trunk();
  const { seen, unseen } = protocol.split;
  const segmenter = method.segmenter({ channels: trunk.channels, seen: seen.length, unseen: unseen.length });
  await weights.load({ ...segmenter.modules, ...trunk.modules }, { partial: true });
  return { segmenter, trunk };
}

/** A stage for a dry run: steps on whole maps, which look at all positions. Patches that cannot be told are left out. */
async function plan<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  context: BuildContext,
  stage: LearningStage,
): Promise<PlannedStage | undefined> {
  const settings = requireSettings(method.config[stage], stage);
  const networks = await buildNetworks(method, context, trainingSettings(method.config), undefined);
  const { modules, model, classifier, vectors } = networks;
  const { generator } = model;
  const real = method.realStep(stage, networks).program(undefined);
  const { iterations } = settings;
  if (stage === 'train' || stage === 'selfTrain')
    return { stage, iterations, modules, steps: [{ program: real, share: 1 }] };
  const { draws, transfer } = requireSettings(method.config[stage], stage);
  const generated = method.patches
    ? method.patches.program?.(stage, networks)
    : syntheticStep({ generator, classifier, vectors, draws, transfer, ...method.synthetic(networks) });
  if (!generated) return undefined;
  return { stage, iterations, modules, steps: [real, generated].map((program) => ({ program, share: 0.5 })) };
}

function requireSettings<S>(settings: S | undefined, stage: LearningStage): S {
  if (settings) return settings;
  throw new TypeError(`the stage '${stage}' without settings`);
}

async function closing(...parts: readonly ({ dispose(): void } | { close(): Promise<void> })[]): Promise<void> {
  for (const part of parts) {
    if ('dispose' in part) part.dispose();
    else await part.close();
  }
}
