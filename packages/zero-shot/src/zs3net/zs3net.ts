import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { planStages } from '../generative/plan.ts';
import { segmentationModels } from '../generative/segmentation-models.ts';
import { checkSelfTraining, generativeStages } from '../generative/stages.ts';
import { checkTrunkOptimizer, zs3netRecipe } from './recipe.ts';
import { zs3netSettings } from './settings.ts';

/**
 * ZS3Net (Bucher et al., NeurIPS 2019) as the comparison tables of CaGNet have it (spec §9.4): without background, on the
 * features and with the classifier of CaGNet, but with a generator that knows no context and matches moments only.
 * Self-training (ZS5Net) and a second fine-tuning follow where the experiment has settings for them.
 */
export const zs3net = defineMethod({
  name: 'zs3net',
  summary: 'features generated from class vectors and noise (Bucher et al. 2019), in the protocol of CaGNet',
  settings: zs3netSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkTrunkOptimizer(config), ...checkSelfTraining(config)],
  stages: (config) => {
    const first = config.backbone.train ? checkStage() : featureStage();
    return [first, ...generativeStages(zs3netRecipe(config), config)];
  },
  extendable: true,
  plan: (config, context) => planStages(zs3netRecipe(config), context),
  models: (config) => segmentationModels(config, zs3netRecipe(config)),
});
