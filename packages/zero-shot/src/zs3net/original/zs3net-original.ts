import { checkStage, defineMethod } from '@unseen/experiment';
import { evaluateStage, originalModels } from './evaluate-stage.ts';
import { finetuneStage } from './finetune-stage.ts';
import { zs3netOriginalSettings } from './settings.ts';
import { checkOriginal } from './setup.ts';
import { trainStage } from './train-stage.ts';

/**
 * ZS3Net as its authors have it (Bucher et al., NeurIPS 2019): DeepLab v3+ trained end to end on images without unseen
 * classes, the background a seen class like others; then a generator that matches moments, and a new classifier.
 */
export const zs3netOriginal = defineMethod({
  name: 'zs3net-original',
  summary: 'features generated from class vectors and noise, with DeepLab v3+ and background (Bucher et al. 2019)',
  settings: zs3netOriginalSettings,
  check: checkOriginal,
  stages: (config) => [checkStage(), trainStage(config), finetuneStage(config), evaluateStage(config)],
  models: originalModels,
});
