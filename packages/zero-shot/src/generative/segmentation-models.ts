import {
  type ExperimentConfig,
  featureModel,
  type MethodModels,
  openClassProtocol,
  openTrunk,
  requireStageOutput,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import { extendedModels } from './extension.ts';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import { predictStep } from './segmenter.ts';

/** What a run of a generative method segments images with: its classifier after each of the recipe's stages. */
export function segmentationModels<S extends GenerativeSetup>(
  config: ExperimentConfig,
  recipe: Pick<GenerativeRecipe<S>, 'models' | 'segmenter' | 'protocolText'>,
): MethodModels {
  const models = config.extend ? extendedModels(recipe) : recipe.models;
  return {
    names: Object.keys(models),
    ...(recipe.protocolText && { protocolText: recipe.protocolText }),
    async open(context, choice) {
      const { labels, split } = await openClassProtocol(config);
      const stage = models[choice.name];
      const { backbone, trunk } = await openTrunk(context);
      const sizes = { channels: trunk.channels, seen: split.seen.length, unseen: split.unseen.length };
      const segmenter = recipe.segmenter(sizes);
      await loadCheckpoint(
        requireStageOutput(context, stageWeights(stage), stage),
        { modules: { ...segmenter.modules, ...trunk.modules } },
        { partial: true },
      );
      const [{ channels }] = backbone.encoder.taps;
      const behind = { segmenter, trunk: trunk.behindEncoder(), batch: 1, channels, classes: labels.order.length };
      return featureModel(context, choice, backbone, {
        classes: labels.order,
        program: (grid) => predictStep({ ...behind, grid }),
      });
    },
  };
}
