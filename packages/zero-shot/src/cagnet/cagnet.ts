import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { planStages } from '../generative/plan.ts';
import { segmentationModels } from '../generative/segmentation-models.ts';
import { checkSelfTraining, generativeStages } from '../generative/stages.ts';
import { checkJointOptimizer } from './joint-optimizer.ts';
import { cagnetRecipe } from './recipe.ts';
import { cagnetSettings } from './settings.ts';

/**
 * CaGNet, pixel-wise (Gu et al., ACM MM 2020): store the features of a frozen backbone, learn from seen classes how a
 * feature follows from its class vector and its context, then fine-tune the classifier on synthetic features of all.
 * Self-training and a second fine-tuning follow where the experiment has settings for them.
 * With `backbone.train: true` nothing is stored: the backbone learns with the other networks until the fine-tuning.
 */
export const cagnet = defineMethod({
  name: 'cagnet',
  summary: 'context-aware feature generation, pixel-wise (Gu et al. 2020)',
  settings: cagnetSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkJointOptimizer(config), ...checkSelfTraining(config)],
  stages: (config) => {
    const first = config.backbone.train ? checkStage() : featureStage();
    return [first, ...generativeStages(cagnetRecipe(config), config)];
  },
  extendable: true,
  plan: (config, context) => planStages(cagnetRecipe(config), context),
  models: (config) => segmentationModels(config, cagnetRecipe(config)),
});
