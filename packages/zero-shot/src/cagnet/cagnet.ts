import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { evaluateStage } from '../generative/evaluate-stage.ts';
import { finetuneStage } from '../generative/finetune-stage.ts';
import { segmentationModels } from '../generative/segmentation-models.ts';
import { trainStage } from '../generative/train-stage.ts';
import { checkJointOptimizer } from './joint-optimizer.ts';
import { cagnetRecipe } from './recipe.ts';
import { cagnetSettings } from './settings.ts';

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
  stages: (config) => {
    const recipe = cagnetRecipe(config);
    const first = config.backbone.train ? checkStage() : featureStage();
    return [first, trainStage(recipe), finetuneStage(recipe), evaluateStage(recipe)];
  },
  models: (config) => segmentationModels(config, cagnetRecipe(config)),
});
