import { evaluateStage as evaluation, type Stage, stageWeights } from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { CALIBRATION } from './calibrate-stage.ts';
import { readGamma } from './gamma.ts';
import { calibratedScorer, networkScorer } from './scorers.ts';
import { networkModules, type SpnetConfig, setUp } from './setup.ts';

/** Segments the validation images, plain and with calibrated stacking. */
export function evaluateStage(config: SpnetConfig): Stage {
  return evaluation({
    uses: ['data', 'embeddings', 'backbone', 'features', 'spnet', 'calibration', 'evaluate', 'report'],
    prepare: async (context) => {
      const { folder } = context;
      const { gamma, words } = await readGamma(config, () => folder.file(CALIBRATION));
      const setup = await setUp(context, config);
      await loadCheckpoint(folder.file(stageWeights('train')), { modules: networkModules(setup) });
      const { grid, score, dispose } = networkScorer(context, setup);
      const { protocol, input } = setup;
      const { split, classes } = protocol;
      return {
        protocol,
        grid,
        scorers: {
          spnet: score,
          'spnet-c': calibratedScorer(score, { classes: classes.length, seen: split.seen.length, gamma }),
        },
        protocolText: { calibration: words },
        close: async () => {
          dispose();
          await input.close();
        },
      };
    },
  });
}
