import { SeedTree } from '@unseen/core';
import {
  featureModel,
  type MethodModels,
  openClassProtocol,
  requireStageOutput,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint, Standardize } from '@unseen/nn';
import { CagnetSegmenter } from './model.ts';
import { predictStep } from './predict-step.ts';
import { chooseByProfile } from './settings.ts';
import type { CagnetConfig } from './setup.ts';

/** Methods of a run's report, with the stage whose weights each uses. */
export const METHODS: Readonly<Record<string, string>> = { 'seen-only': 'train', cagnet: 'finetune' };

/** What a run of CaGNet segments images with: its classifier before and after fine-tuning. */
export function cagnetModels(config: CagnetConfig): MethodModels {
  return {
    names: Object.keys(METHODS),
    async open(context, choice) {
      const { labels, split } = await openClassProtocol(config);
      const stage = METHODS[choice.name];
      return featureModel(context, choice, {
        classes: labels.order,
        async program(grid, channels) {
          const sizes = { channels, seen: split.seen.length, unseen: split.unseen.length };
          const choices = chooseByProfile(config.profile, config.cagnet);
          const model = new CagnetSegmenter(sizes, config.cagnet.network, choices, new SeedTree(0));
          const scaler = new Standardize(channels);
          await loadCheckpoint(
            requireStageOutput(context, stageWeights(stage), stage),
            { modules: { 'cagnet.contextual': model.contextual, 'cagnet.heads': model.heads, scaler } },
            { partial: true },
          );
          return predictStep({ model, scaler, batch: 1, grid, channels, classes: labels.order.length });
        },
      });
    },
  };
}
