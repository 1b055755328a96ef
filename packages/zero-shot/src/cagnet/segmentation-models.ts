import { SeedTree } from '@unseen/core';
import {
  featureModel,
  type MethodModels,
  openClassProtocol,
  openTrunk,
  requireStageOutput,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
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
      const { backbone, trunk } = await openTrunk(context);
      const sizes = { channels: trunk.channels, seen: split.seen.length, unseen: split.unseen.length };
      const choices = chooseByProfile(config.profile, config.cagnet);
      const model = new CagnetSegmenter(sizes, config.cagnet.network, choices, new SeedTree(0));
      await loadCheckpoint(
        requireStageOutput(context, stageWeights(stage), stage),
        { modules: { 'cagnet.contextual': model.contextual, 'cagnet.heads': model.heads, ...trunk.modules } },
        { partial: true },
      );
      const [{ channels }] = backbone.encoder.taps;
      const behind = { model, trunk: trunk.behindEncoder(), batch: 1, channels, classes: labels.order.length };
      return featureModel(context, choice, backbone, {
        classes: labels.order,
        program: (grid) => predictStep({ ...behind, grid }),
      });
    },
  };
}
