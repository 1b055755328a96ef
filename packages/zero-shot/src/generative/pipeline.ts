import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import {
  openSegmenter,
  type Predictors,
  type ScorePredictor,
  type Stage,
  stageWeights,
  type Weights,
} from '@unseen/experiment';
import { loadGrownWeights } from '@unseen/nn';
import { dataStages, evaluateZeroShot } from '../protocol/data-stages.ts';
import type { Extension } from '../protocol/extension.ts';
import { openClassProtocol } from '../protocol/protocol.ts';
import { calibrated } from './calibrated.ts';
import type { GenerativeMethod, GenerativeModel, Networks } from './generative-method.ts';
import { finetuneStage, learnStage, selfTrainStage } from './stages.ts';

/** Name of the stage in which a run is extended by new classes. */
const EXTEND = 'extend';

/**
 * The stages of a method that generates features: store the features of a frozen backbone; `train` on real features of seen
 * classes; `finetune` the classifier on synthetic features of all classes in turns with real ones; where the experiment asks
 * for it `selfTrain`, then `finetune2`; `evaluate`. A run that extends another one by new classes only fine-tunes.
 *
 * @param before what the fine-tuning needs besides, such as patches
 */
export function generativePipeline<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
  before: Readonly<Record<string, Stage>> = {},
): Stage[] {
  const { config } = method;
  const { calibration } = config;
  const data = dataStages(config);
  if (config.extend) {
    const extended = extendStage(method, config.extend);
    return [...data.stages, extended, evaluate(method, { [EXTEND]: extended })];
  }
  const train = learnStage(method, data);
  const continued = (name: 'finetune' | 'finetune2', after: Stage<Weights>) =>
    finetuneStage(method, {
      name,
      stage: name,
      data,
      needs: { ...before, after },
      start: async ({ modules }, { folder }) => {
        await after.makes.open(folder).load(modules);
      },
    });
  const finetune = continued('finetune', train);
  const selfTrain = config.selfTrain && selfTrainStage(method, data, finetune);
  const finetune2 = selfTrain && config.finetune2 && continued('finetune2', selfTrain);
  const trained = { train, finetune, ...(selfTrain && { selfTrain }), ...(finetune2 && { finetune2 }) };
  return [
    ...data.stages,
    train,
    ...Object.values(before),
    finetune,
    ...(selfTrain ? [selfTrain] : []),
    ...(finetune2 ? [finetune2] : []),
    evaluate(method, trained),
  ];

  function evaluate(of: GenerativeMethod<M>, needs: Readonly<Record<string, Stage>>): Stage {
    return evaluateZeroShot(config, {
      validation: data.validation,
      needs,
      predictors: generativePredictors(of),
      blocks: { ...method.blocks, ...(calibration && { calibration }) },
      protocol: () => generativeProtocol(config),
    });
  }

  function extendStage(of: GenerativeMethod<M>, extension: Extension): Stage<Weights> {
    return finetuneStage(of, {
      name: EXTEND,
      stage: config.finetune2 ? 'finetune2' : 'finetune',
      data,
      needs: {},
      start: (networks) =>
        loadGrownWeights(learntWeights(extension, of), networks.modules, newOutputs(networks, extension)),
    });
  }
}

/** The models of a run by name, each with the stage whose weights it uses; baselines first. */
export function modelStages({
  name,
  config,
}: Pick<GenerativeMethod, 'name' | 'config'>): Readonly<Record<string, string>> {
  const { extend, selfTrain, finetune2 } = config;
  const last = selfTrain ? `${name}-st` : name;
  if (extend) return { [`${last}-extended`]: EXTEND };
  return {
    'seen-only': 'train',
    [name]: 'finetune',
    ...(selfTrain && { [last]: finetune2 ? 'finetune2' : 'selfTrain' }),
  };
}

/** What a run of a generative method segments images with: its classifier after each of its stages, the last also calibrated. */
export function generativePredictors<M extends GenerativeModel>(
  method: GenerativeMethod<M>,
): Predictors<ScorePredictor> {
  const open =
    (stage: string): Predictors<ScorePredictor>[string] =>
    async (context, { scale }) => {
      const { labels, split } = await openClassProtocol(method.config);
      const sizes = { seen: split.seen.length, unseen: split.unseen.length };
      return openSegmenter(context, {
        settings: method.config,
        stage,
        scale,
        classes: labels.order,
        segmenter: (channels) => method.segmenter({ channels, ...sizes }),
      });
    };
  const models = Object.entries(modelStages(method)).map(([name, stage]) => [name, open(stage)] as const);
  const { calibration } = method.config;
  if (!calibration) return Object.fromEntries(models);
  const [last, plain] = models[models.length - 1];
  const raised: typeof plain = async (context, options) => {
    const { split } = await openClassProtocol(method.config);
    return calibrated(await plain(context, options), { seen: split.seen.length, gamma: calibration.gamma });
  };
  return Object.fromEntries([...models, [`${last}-c`, raised]]);
}

/** What the protocol of a method that labels unlabelled pixels itself says of its training. */
export function generativeProtocol({
  selfTrain,
}: {
  readonly selfTrain?: object | undefined;
}): Readonly<Record<string, string>> {
  if (!selfTrain) return {};
  return {
    training:
      'transductive: masks show seen classes only, but self-training also sees the unlabelled pixels of the training images, where unseen classes may be, and labels some of them itself; of unseen classes nothing else is used but the vectors of their names. Models without self-training are inductive',
  };
}

/** The weights of the other run, which may be an extension itself. */
function learntWeights<M extends GenerativeModel>({ run }: Extension, { config }: GenerativeMethod<M>): string {
  const last = config.finetune2 ? 'finetune2' : config.selfTrain ? 'selfTrain' : 'finetune';
  const found = [EXTEND, last].map((stage) => join(run, stageWeights(stage))).find((path) => existsSync(path));
  if (found) return found;
  throw new UserError({
    given: `the run ${run} has no ${stageWeights(last)}: it has not finished, or it is gone`,
    expected: 'a finished run',
    remedy: "finish it with 'unseen run … --resume'",
  });
}

/** Of the classifier: those of the classes that the other run has not learned, behind all that it has. */
function newOutputs({ protocol }: Networks, { classes, known }: Extension) {
  const all = protocol.split.seen.length + protocol.split.unseen.length;
  const count = classes.length - known;
  return { at: all - count, count };
}
