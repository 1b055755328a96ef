import { SeedTree } from '@unseen/core';
import { LAYOUT_LEAK } from '@unseen/data';
import {
  imageModel,
  type Predictors,
  requireWeights,
  type ScorePredictor,
  type Stage,
  segmenterTraining,
  sizeAtScale,
  trainingStreams,
  trainStage,
  type Weights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { dataStages, evaluateZeroShot } from '../../protocol/data-stages.ts';
import { defineZeroShot } from '../../protocol/define-zero-shot.ts';
import { openClassProtocol } from '../../protocol/protocol.ts';
import { trainingSettings } from '../../protocol/settings.ts';
import { finetuneStage } from './finetune-stage.ts';
import { chooseOriginal, type Zs3NetOriginalConfig, zs3netOriginalSettings } from './settings.ts';
import { batchesOf, checkOriginal, definitionOf, emptyNetwork, guardedCrops, setUp } from './setup.ts';

/**
 * ZS3Net as its authors have it (Bucher et al., NeurIPS 2019): DeepLab v3+ trained end to end on images without unseen
 * classes, the background a seen class like others; then a generator that matches moments, and a new classifier.
 */
export const zs3netOriginal = defineZeroShot({
  name: 'zs3net-original',
  summary: 'features generated from class vectors and noise, with DeepLab v3+ and background (Bucher et al. 2019)',
  settings: zs3netOriginalSettings,
  check: checkOriginal,
  pipeline(config) {
    const data = dataStages(config);
    const train = segmentSeen(config);
    const finetune = finetuneStage(config, train);
    const evaluate = evaluateZeroShot(config, {
      validation: data.validation,
      needs: { train, finetune },
      predictors: predictors(config),
      blocks: { zs3net: config.zs3net },
      protocol: () => protocol(config),
    });
    return [...data.stages, train, finetune, evaluate];
  },
  predictors,
  protocol,
});

/** Stage 1 of ZS3Net (paper §3.1): the segmentation network learns the seen classes from images that show no others. */
function segmentSeen(config: Zs3NetOriginalConfig): Stage<Weights> {
  const { zs3net, augment, train } = config;
  const { iterations, batch, optimizer, headMultiplier } = train;
  return trainStage({
    name: 'train',
    settings: { ...trainingSettings(config), zs3net, augment, train },
    schedule: train,
    build: async (context) => {
      const setup = await setUp(context, config);
      const { network, crop, choices } = setup;
      const streams = trainingStreams(context.seeds, 'train');
      const crops = await guardedCrops(context, setup);
      return segmenterTraining(context.engine, {
        network,
        batches: batchesOf(setup, crops, { batch, random: streams.batches }),
        batch,
        size: [crop, crop],
        optimizer,
        iterations,
        headMultiplier,
        lossScale: choices.lossPerImage ? 1 / batch : 1,
        noise: streams.noise,
      });
    },
  });
}

/** The network before and after the second stage. */
function predictors(config: Zs3NetOriginalConfig): Predictors<ScorePredictor> {
  const open =
    (stage: string): Predictors<ScorePredictor>[string] =>
    async (context, { scale }) => {
      const { labels } = await openClassProtocol(config);
      const network = emptyNetwork(config, labels.order.length, new SeedTree(0));
      await loadCheckpoint(requireWeights(context, stage), { modules: { network } }, { partial: true });
      return imageModel(context, {
        name: 'zs3net',
        classes: labels.order,
        outputStride: network.stride,
        warp: config.data.size,
        size: sizeAtScale(config, scale),
        normalization: definitionOf(config).input,
        logits: (ops, images) => network.forward(ops, images).logits,
      });
    };
  return { 'seen-only': open('train'), 'zs3net-original': open('finetune') };
}

/** What the protocol of the original differs in, in words. */
function protocol(config: Zs3NetOriginalConfig): Readonly<Record<string, string>> {
  const isLeaked = chooseOriginal(config).layout === 'groundTruth';
  return {
    classes:
      'as the split lists them; the background is a seen class where it is among them, every other pixel is ignored',
    backbone: `${config.zs3net.network}, output stride ${config.backbone.outputStride}, trained end to end on ${
      config.train.unseenImages === 'drop' ? 'images without a pixel of an unseen class' : 'all images'
    }`,
    ...(isLeaked && { training: 'of unseen classes the vectors and the masks are used', leakage: LAYOUT_LEAK }),
  };
}
