import { calibrationPenalties } from '@unseen/classifier';
import {
  artifacts,
  defineStage,
  evaluateScorers,
  type JsonFile,
  jsonFile,
  openTrunkInput,
  type Place,
  predictStep,
  runTraining,
  type Stage,
  type StageContext,
  validationImages,
  type Weights,
  weightsOf,
} from '@unseen/experiment';
import type { DataStages } from '../protocol/data-stages.ts';
import { holdOut } from '../protocol/held-out.ts';
import { openProtocol, type ZeroShotProtocol } from '../protocol/protocol.ts';
import { trainingSettings } from '../protocol/settings.ts';
import { bestGamma, type FoundCalibration, gammaGrid, type TriedGamma, triedGamma } from './calibration-search.ts';
import type { SpnetConfig } from './settings.ts';
import { buildProjection, projectionTraining, type SpnetNetworks } from './training.ts';

/** Where γ lies in a run folder, with how it was found. */
const CALIBRATION = jsonFile<FoundCalibration>('calibration.json');

/**
 * Chooses γ of calibrated stacking without a look at the unseen classes: networks of the same kind are trained with some seen
 * classes as pseudo-unseen ones and some training images held out, and γ is what segments these best by hIoU.
 */
export function calibrateStage(
  config: SpnetConfig,
  { training }: DataStages,
): Stage<{ readonly found: JsonFile<FoundCalibration>; readonly weights: Weights }> {
  const { spnet, train, calibration } = config;
  const settings = trainingSettings(config);
  return defineStage({
    name: 'calibrate',
    settings: { ...settings, spnet, train, calibration },
    needs: training,
    makes: artifacts({ found: CALIBRATION, weights: weightsOf('calibrate') }),
    run: async (context, { features }) => {
      const seeds = context.seeds.child('calibrate');
      const { pseudoUnseen, images, step } = calibration.search;
      const options = { pseudoUnseen, images, random: seeds.child('classes').stream() };
      const protocol = holdOut(await openProtocol(settings), options);
      const input = await openTrunkInput(settings, context, protocol, features);
      try {
        const networks = await buildProjection({ spnet }, { protocol, input }, seeds);
        const learning = projectionTraining(context, 'calibrate', { spnet, train }, networks, seeds);
        // The input stays open for the images held out.
        await runTraining(context, 'calibrate', train, { ...learning, close: learning.dispose });
        const tried = await tryGammas(context, networks, gammaGrid(step));
        const found = foundCalibration(protocol, tried);
        const { gamma } = found;
        const { hIoU, seenMIoU, unseenMIoU } = tried.find((one) => one.gamma === gamma)!;
        context.log({ iteration: train.iterations, metrics: { gamma, hIoU, seenMIoU, unseenMIoU } });
        await CALIBRATION.open(context.folder).write(found);
      } finally {
        await input.close();
      }
    },
  });
}

function foundCalibration(
  { split, classes, dataset }: ZeroShotProtocol,
  tried: readonly TriedGamma[],
): FoundCalibration {
  return {
    gamma: bestGamma(tried),
    pseudoUnseen: classes.slice(split.seen.length).map(({ name }) => name),
    images: { heldOut: dataset.val.length, kept: dataset.train.length },
    tried,
  };
}

/** Segments the held-out images with every γ, on the grid of the features. */
async function tryGammas(
  { engine, progress, signal }: StageContext,
  { input, trunk, head, protocol }: SpnetNetworks,
  gammas: readonly number[],
): Promise<TriedGamma[]> {
  const { split, classes, dataset } = protocol;
  const { channels, heldOut } = input;
  const segmenter = { logits: head.forward.bind(head) };
  const program = predictStep({ segmenter, trunk, batch: 1, grid: heldOut.grid, channels });
  const executable = engine.compile(program, { frozen: true });
  const [, height, width] = executable.outputs.logits;
  const map = new Float32Array(heldOut.grid[0] * heldOut.grid[1] * channels);
  let scored: { readonly index: number; readonly data: Float32Array } = { index: -1, data: map };
  const score = async (index: number) => {
    if (scored.index !== index) {
      await heldOut.read(index, map);
      scored = { index, data: await executable.run({ features: map }).read('logits') };
    }
    return { height, width, channels: classes.length, data: scored.data };
  };
  const sizes = { classes: classes.length, seen: split.seen.length };
  const scorer = (gamma: number) => {
    const penalties = calibrationPenalties({ ...sizes, gamma });
    return async (index: number) => ({ ...(await score(index)), penalties });
  };
  try {
    const evaluated = await evaluateScorers({
      images: validationImages(protocol, { resolution: 'feature', grid: [height, width] }),
      scorers: Object.fromEntries(gammas.map((gamma) => [`${gamma}`, scorer(gamma)])),
      classes,
      split,
      resolution: 'feature',
      onImage: async ({ id }, _, index) => {
        await progress.update(index + 1, dataset.val.length, id);
        signal.throwIfAborted();
      },
    });
    return gammas.map((gamma) => triedGamma(gamma, evaluated[`${gamma}`]));
  } finally {
    executable.dispose();
  }
}

/** γ of a run: that of its settings, or the one that its search has left. */
export async function readGamma(
  { calibration: { gamma } }: Pick<SpnetConfig, 'calibration'>,
  folder: Place,
): Promise<{ readonly gamma: number; readonly words: string }> {
  if (gamma !== 'search') return { gamma, words: `γ = ${gamma}, given` };
  const found = await CALIBRATION.open(folder).read();
  const { heldOut, kept } = found.images;
  const words = `γ = ${found.gamma}, the best of ${found.tried.length} values on ${heldOut} training images held out, with ${found.pseudoUnseen.join(', ')} as pseudo-unseen classes, after training on the other ${kept}`;
  return { gamma: found.gamma, words };
}
