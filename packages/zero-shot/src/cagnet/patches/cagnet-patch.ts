import { PatchHeads } from '@unseen/classifier';
import { checkStage, checkTrunkSettings, defineMethod, featureStage } from '@unseen/experiment';
import { readPatchFile } from '@unseen/synthesis';
import { planStages } from '../../generative/plan.ts';
import type { FinetuneSettings, GenerativeRecipe } from '../../generative/recipe.ts';
import { segmentationModels } from '../../generative/segmentation-models.ts';
import { checkSelfTraining, generativeStages } from '../../generative/stages.ts';
import { checkJointOptimizer } from '../joint-optimizer.ts';
import { cagnetRecipe } from '../recipe.ts';
import { type CagnetSetup, syntheticOptions } from '../setup.ts';
import { PatchSteps } from './patch-steps.ts';
import { type CagnetPatchConfig, patchesStage, patchFiles } from './patches-stage.ts';
import { cagnetPatchSettings } from './settings.ts';

/**
 * CaGNet, patch-wise (Gu et al., *From Pixel to Patch*, IEEE TNNLS 2022): the classifier sees a patch around each pixel, and is
 * fine-tuned on synthetic features of patches with plausible layouts of categories.
 */
export const cagnetPatch = defineMethod({
  name: 'cagnet-patch',
  summary: 'context-aware feature generation, patch-wise (Gu et al. 2022)',
  settings: cagnetPatchSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkJointOptimizer(config), ...checkSelfTraining(config)],
  stages: (config) => {
    const first = config.backbone.train ? checkStage() : featureStage();
    return [first, ...generativeStages(patchRecipe(config), config)];
  },
  plan: (config, context) => planStages(patchRecipe(config), context),
  models: (config) => segmentationModels(config, patchRecipe(config)),
});

/** The recipe of CaGNet with a stage that makes patches, and with heads and synthetic steps for them. */
function patchRecipe(config: CagnetPatchConfig): GenerativeRecipe<CagnetSetup> {
  const { patches, profile } = config;
  const syntheticSteps =
    (stage: string, { draws, transfer }: Pick<FinetuneSettings, 'draws' | 'transfer'>) =>
    async (
      { engine, folder }: Parameters<GenerativeRecipe<CagnetSetup>['setUp']>[0],
      { model, trunk, vectors }: CagnetSetup,
    ) => {
      const { heads: classifier } = model;
      if (!(classifier instanceof PatchHeads)) throw new TypeError('patches need heads that see them');
      const sets = await Promise.all(
        patchFiles(stage, patches).map((file) => readPatchFile(folder.file(file), vectors.classes)),
      );
      return new PatchSteps(engine, {
        ...syntheticOptions(model, profile),
        classifier,
        vectors,
        draws,
        size: patches.size,
        sharedLatent: patches.latent === 'shared',
        latent: trunk.channels,
        transfer,
        sets,
      });
    };
  const recipe = cagnetRecipe(config, { name: 'cagnet-patch', patch: patches.size, syntheticSteps });
  const uses = [...recipe.uses, 'patches'];
  return { ...recipe, uses, beforeFinetune: [patchesStage(config, uses)] };
}
