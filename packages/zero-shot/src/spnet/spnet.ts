import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { calibrateStage } from './calibrate-stage.ts';
import { evaluateStage } from './evaluate-stage.ts';
import { projectionStep } from './projection-step.ts';
import { spnetModels } from './segmentation-models.ts';
import { type SpnetSettings, spnetSettings } from './settings.ts';
import { networkModules, type SpnetConfig, setUp, stepOptions } from './setup.ts';
import { trainStage } from './train-stage.ts';

/**
 * SPNet (Xian et al., CVPR 2019): pixel features are projected into the space of the class vectors, learned on seen classes
 * by the inner products with theirs; unseen classes are scored by the inner products with their own. A run reports it
 * twice: as it is (`spnet`) and with calibrated stacking (`spnet-c`).
 */
export const spnet = defineMethod({
  name: 'spnet',
  summary: 'semantic projection onto class vectors, plain and calibrated (Xian et al. 2019)',
  settings: spnetSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkProjection(config)],
  stages: (config) => [
    config.backbone.train ? checkStage() : featureStage(),
    trainStage(config),
    ...(config.calibration.gamma === 'search' ? [calibrateStage(config)] : []),
    evaluateStage(config),
  ],
  models: spnetModels,
  async plan(config, context) {
    const setup = await setUp(context, config);
    const steps = [{ program: projectionStep(stepOptions(setup)), share: 1 }];
    return [{ stage: 'train', iterations: config.train.iterations, modules: networkModules(setup), steps }];
  },
});

/** Without a projection something else must bring features to the space of the class vectors. */
function checkProjection({ spnet, backbone }: SpnetSettings & Pick<SpnetConfig, 'backbone'>) {
  if (spnet.projection || backbone.aspp) return [];
  return [{ path: ['spnet', 'projection'], message: 'null only with backbone.aspp, which then makes the projection' }];
}
