import { fuseMaximum, viewsAtScales } from '@unseen/backbone';
import { type Calibration, calibratedLogits, calibrationPenalties, WordVectorProjection } from '@unseen/classifier';
import { SeedTree } from '@unseen/core';
import {
  featureModel,
  imageModel,
  type ModelContext,
  mapScores,
  openTrunk,
  type Predictors,
  predictStep,
  requireWeights,
  type ScorePredictor,
  sizeAtScale,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { openClassProtocol } from '../protocol/protocol.ts';
import { readGamma } from './calibrate.ts';
import type { SpnetConfig } from './settings.ts';
import { networkModules } from './training.ts';

/** What a run of SPNet segments images with: its logits as they are, and under calibrated stacking. */
export function spnetPredictors(config: SpnetConfig): Predictors<ScorePredictor> {
  const plain = async (context: ModelContext, { scale }: { readonly scale: number }) => {
    const { labels } = await openClassProtocol(config);
    return openProjection(config, context, scale, labels.order);
  };
  return {
    spnet: plain,
    'spnet-c': async (context, options) => {
      const { labels, split } = await openClassProtocol(config);
      const { gamma } = await readGamma(config, context);
      const calibration = { classes: labels.order.length, seen: split.seen.length, gamma };
      return calibrated(await plain(context, options), calibration);
    },
  };
}

async function openProjection(
  config: SpnetConfig,
  context: ModelContext,
  scale: number,
  classes: readonly number[],
): Promise<ScorePredictor> {
  const weights = requireWeights(context, 'train');
  const { backbone, trunk } = await openTrunk(context, config);
  const { metadata } = await loadCheckpoint(weights, { modules: {} }, { partial: true });
  const head = new WordVectorProjection({
    features: trunk.channels,
    // To be loaded with the weights: the files of the class table need not be there.
    vectors: classes.map(() => new Float32Array(Number(metadata.dimension))),
    projection: config.spnet.projection,
    seeds: new SeedTree(0),
  });
  await loadCheckpoint(weights, { modules: networkModules({ trunk, head }) });
  const scales = config.backbone.train ? config.features.scales.slice(1) : [];
  if (scales.length === 0) {
    const segmenter = { logits: head.forward.bind(head) };
    const [{ channels }] = backbone.encoder.taps;
    const behind = { segmenter, trunk: trunk.behindEncoder(), batch: 1, channels };
    const program = (grid: readonly [number, number]) => predictStep({ ...behind, grid });
    return featureModel(context, { settings: config, scale, backbone, head: { classes, program } });
  }
  const { size } = config.data;
  return imageModel(context, {
    name: 'spnet',
    classes,
    outputStride: backbone.encoder.taps[0].stride,
    warp: size,
    size: sizeAtScale(config, config.features.scales[0] * scale),
    normalization: backbone.definition.input,
    // The maximum over the scales at which images are seen.
    logits: (ops, images) => {
      const network = (view: typeof images) => head.forward(ops, trunk.forward(ops, view));
      return fuseMaximum(ops, viewsAtScales(ops, images, network, scales));
    },
  });
}

/**
 * A model under calibrated stacking. Its logits are those of the model, with what is taken off the probabilities; its
 * program, which knows no such thing, calibrates on its grid.
 */
function calibrated(model: ScorePredictor, calibration: Calibration): ScorePredictor {
  const penalties = calibrationPenalties(calibration);
  return mapScores(model, {
    scores: (grid) => ({ ...grid, penalties }),
    logits: (ops, logits) => calibratedLogits(ops, logits, calibration),
  });
}
