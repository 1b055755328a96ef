import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { evaluateStage } from './evaluate-stage.ts';
import { finetuneStage } from './finetune-stage.ts';
import { checkJointOptimizer } from './joint-optimizer.ts';
import { cagnetModels } from './segmentation-models.ts';
import { cagnetSettings } from './settings.ts';
import { trainStage } from './train-stage.ts';

/**
 * CaGNet, pixel-wise (Gu et al., ACM MM 2020): store the features of a frozen backbone, learn from seen classes how a
 * feature follows from its class vector and its context, then fine-tune the classifier on synthetic features of all.
 * With `backbone.train: true` nothing is stored: the backbone learns with the other networks until the fine-tuning.
 */
export const cagnet = defineMethod({
  name: 'cagnet',
  summary: 'context-aware feature generation, pixel-wise (Gu et al. 2020)',
  settings: cagnetSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkJointOptimizer(config)],
  stages: (config) => [
    config.backbone.train ? checkStage() : featureStage(),
    trainStage(config),
    finetuneStage(config),
    evaluateStage(config),
  ],
  models: cagnetModels,
});
