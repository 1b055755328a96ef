import {
  type BuildContext,
  checkTrunkSettings,
  type FeatureFile,
  type Stage,
  trainStage,
  type Weights,
} from '@unseen/experiment';
import { type DataStages, dataStages, evaluateZeroShot } from '../protocol/data-stages.ts';
import { defineZeroShot } from '../protocol/define-zero-shot.ts';
import { openInput } from '../protocol/protocol.ts';
import { trainingSettings } from '../protocol/settings.ts';
import { calibrateStage, readGamma } from './calibrate.ts';
import { spnetPredictors } from './predictors.ts';
import { projectionStep } from './projection-step.ts';
import { type SpnetConfig, spnetSettings } from './settings.ts';
import { buildProjection, networkModules, projectionTraining, stepOptions } from './training.ts';

/**
 * SPNet (Xian et al., CVPR 2019): pixel features are projected into the space of the class vectors, learned on seen classes
 * by the inner products with theirs; unseen classes are scored by the inner products with their own. A run reports it
 * twice: as it is (`spnet`) and with calibrated stacking (`spnet-c`).
 */
export const spnet = defineZeroShot({
  name: 'spnet',
  summary: 'semantic projection onto class vectors, plain and calibrated (Xian et al. 2019)',
  settings: spnetSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkProjection(config)],
  pipeline(config) {
    const data = dataStages(config);
    const train = learnProjection(config, data);
    const calibrate = config.calibration.gamma === 'search' ? calibrateStage(config, data) : undefined;
    const needs = { train, ...(calibrate && { calibrate }) };
    const blocks = { spnet: config.spnet, calibration: config.calibration };
    const evaluate = evaluateZeroShot(config, {
      validation: data.validation,
      needs,
      predictors: spnetPredictors(config),
      blocks,
      protocol: async (folder) => ({ calibration: (await readGamma(config, folder)).words }),
    });
    return [...data.stages, train, ...(calibrate ? [calibrate] : []), evaluate];
  },
  predictors: spnetPredictors,
});

/** Learns the projection, and what of the trunk is not frozen, from pixels of seen classes. */
function learnProjection(config: SpnetConfig, { training }: DataStages): Stage<Weights> {
  const settings = trainingSettings(config);
  const open = async (context: BuildContext, features?: FeatureFile) =>
    buildProjection(config, await openInput(settings, context, features), context.seeds);
  return trainStage({
    name: 'train',
    settings: { ...settings, spnet: config.spnet, train: config.train },
    needs: training,
    schedule: config.train,
    build: async (context, { features }) =>
      projectionTraining(context, 'train', config, await open(context, features), context.seeds),
    plan: async (context) => {
      const networks = await open(context);
      const program = projectionStep(stepOptions(config, networks));
      const modules = networkModules(networks);
      return { stage: 'train', iterations: config.train.iterations, modules, steps: [{ program, share: 1 }] };
    },
  });
}

/** Without a projection something else must bring features to the space of the class vectors. */
function checkProjection({ spnet, backbone }: SpnetConfig) {
  if (spnet.projection || backbone.aspp) return [];
  return [{ path: ['spnet', 'projection'], message: 'null only with backbone.aspp, which then makes the projection' }];
}
