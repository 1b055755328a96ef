import { type Calibration, calibratedLogits, calibrationPenalties, WordVectorProjection } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import {
  featureModel,
  imageModel,
  type MethodModels,
  type ModelChoice,
  type ModelContext,
  openClassProtocol,
  openTrunk,
  type RunModel,
  requireStageOutput,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { CALIBRATION } from './calibrate-stage.ts';
import { readGamma } from './gamma.ts';
import { predictLogits, predictStep } from './predict-step.ts';
import { networkModules, type SpnetConfig } from './setup.ts';

/** What a run of SPNet segments images with: its logits as they are, and under calibrated stacking. */
export function spnetModels(config: SpnetConfig): MethodModels {
  return {
    names: ['spnet', 'spnet-c'],
    async open(context, choice) {
      const { labels, split } = await openClassProtocol(config);
      const plain = await openPlain(config, context, choice, labels.order);
      if (choice.name === 'spnet') return plain;
      const path = () => requireStageOutput(context, CALIBRATION, 'calibrate');
      const { gamma } = await readGamma(config, path);
      return calibrated(plain, { classes: labels.order.length, seen: split.seen.length, gamma });
    },
  };
}

async function openPlain(
  config: SpnetConfig,
  context: ModelContext,
  choice: ModelChoice,
  classes: readonly number[],
): Promise<RunModel> {
  const weights = requireStageOutput(context, stageWeights('train'), 'train');
  const { backbone, trunk } = await openTrunk(context);
  const { metadata } = await loadCheckpoint(weights, { modules: {} }, { partial: true });
  const head = new WordVectorProjection({
    features: trunk.channels,
    // To be loaded with the weights: the files of the class table need not be there.
    vectors: classes.map(() => new Float32Array(Number(metadata.dimension))),
    projection: config.spnet.projection,
    seeds: new SeedTree(0),
  });
  await loadCheckpoint(weights, { modules: networkModules({ trunk, head }) });
  const networks = { trunk: trunk.behindEncoder(), head };
  const [{ channels }] = backbone.encoder.taps;
  const scales = config.backbone.train ? config.features.scales.slice(1) : [];
  if (scales.length === 0) {
    const program = (grid: readonly [number, number]) => predictStep({ ...networks, grid, channels });
    return featureModel(context, choice, backbone, { classes, program });
  }
  return imageModel(context, choice, backbone, {
    classes,
    logits: (ops, images) => predictLogits(ops, images, { trunk, head, scales }),
  });
}

/**
 * A model under calibrated stacking. Its logits are those of the model, with what is taken off the probabilities; its
 * program, which knows no such thing, calibrates on its grid.
 */
function calibrated(model: RunModel, calibration: Calibration): RunModel {
  const penalties = calibrationPenalties(calibration);
  return {
    ...model,
    logits: async (image) => ({ ...(await model.logits(image)), penalties }),
    program: () => {
      const program = model.program();
      return {
        ...program,
        describe: (ops, inputs) => {
          const { logits } = program.describe(ops, inputs).outputs;
          return { outputs: { logits: calibratedLogits(ops, logits, calibration) } };
        },
      };
    },
  };
}
