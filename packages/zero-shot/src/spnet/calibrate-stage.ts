import { writeJsonAtomic } from '@unseen/core';
import {
  evaluateScorers,
  holdOut,
  openProtocol,
  type Stage,
  type StageContext,
  stageWeights,
  validationImages,
} from '@unseen/experiment';
import { bestGamma, type FoundCalibration, gammaGrid, triedGamma } from './calibration-search.ts';
import { calibratedScorer, networkScorer } from './scorers.ts';
import { type SpnetConfig, type SpnetSetup, setUp } from './setup.ts';
import { trainProjection } from './training.ts';

/** Where γ lies in a run folder, with how it was found. */
export const CALIBRATION = 'calibration.json';

/**
 * Chooses γ of calibrated stacking without a look at the unseen classes (spec §6): networks of the same kind are trained
 * while some seen classes play unseen and some training images are held out, and γ is what segments these best by hIoU.
 */
export function calibrateStage(config: SpnetConfig): Stage {
  return {
    name: 'calibrate',
    uses: ['data', 'embeddings', 'backbone', 'features', 'spnet', 'train', 'calibration'],
    outputs: [CALIBRATION, stageWeights('calibrate')],
    run: async (context) => {
      const seeds = context.seeds.child('calibrate');
      const { pseudoUnseen, images, step } = config.calibration.search;
      const options = { pseudoUnseen, images, random: seeds.child('classes').stream() };
      const protocol = holdOut(await openProtocol(config), options);
      const setup = await setUp(context, config, { protocol, seeds });
      try {
        await trainProjection(context, 'calibrate', setup, seeds);
        const tried = await tryGammas(context, setup, gammaGrid(step));
        const gamma = bestGamma(tried);
        const { split, classes, dataset } = protocol;
        const found: FoundCalibration = {
          gamma,
          pseudoUnseen: classes.slice(split.seen.length).map(({ name }) => name),
          images: { heldOut: dataset.val.length, kept: dataset.train.length },
          tried,
        };
        const { hIoU, seenMIoU, unseenMIoU } = tried.find((one) => one.gamma === gamma)!;
        context.log({ iteration: config.train.iterations, metrics: { gamma, hIoU, seenMIoU, unseenMIoU } });
        await writeJsonAtomic(context.folder.file(CALIBRATION), found);
      } finally {
        await setup.input.close();
      }
    },
  };
}

/** Segments the held-out images with every γ, on the grid of the features. */
async function tryGammas(context: StageContext, setup: SpnetSetup, gammas: readonly number[]) {
  const { protocol, config } = setup;
  const { split, classes, dataset } = protocol;
  const scorer = networkScorer(context, setup);
  const sizes = { classes: classes.length, seen: split.seen.length };
  try {
    const evaluated = await evaluateScorers({
      images: validationImages({ ...config, evaluate: { resolution: 'feature' } }, { protocol, grid: scorer.grid }),
      scorers: Object.fromEntries(
        gammas.map((gamma) => [`${gamma}`, calibratedScorer(scorer.score, { ...sizes, gamma })]),
      ),
      classes,
      split,
      resolution: 'feature',
      onImage: async ({ id }, _, index) => {
        await context.progress.update(index + 1, dataset.val.length, id);
        context.signal.throwIfAborted();
      },
    });
    return gammas.map((gamma) => triedGamma(gamma, evaluated[`${gamma}`]));
  } finally {
    scorer.dispose();
  }
}
