import { PatchHeads } from '@unseen/classifier';
import { checkTrunkSettings } from '@unseen/experiment';
import { readPatchFile } from '@unseen/synthesis';
import type { GenerativeMethod } from '../../generative/generative-method.ts';
import { generativePipeline, generativePredictors, generativeProtocol } from '../../generative/pipeline.ts';
import { checkSelfTraining } from '../../generative/settings.ts';
import { defineZeroShot } from '../../protocol/define-zero-shot.ts';
import { cagnetMethod } from '../cagnet.ts';
import type { Cagnet } from '../networks.ts';
import { syntheticOptions } from '../real-step.ts';
import { checkJointOptimizer } from '../settings.ts';
import { PatchSteps } from './patch-steps.ts';
import { patchesStage } from './patches-stage.ts';
import { type CagnetPatchConfig, cagnetPatchSettings } from './settings.ts';

/**
 * CaGNet, patch-wise (Gu et al., *From Pixel to Patch*, IEEE TNNLS 2022): the classifier sees a patch around each pixel, and is
 * fine-tuned on synthetic features of patches with plausible layouts of categories.
 */
export const cagnetPatch = defineZeroShot({
  name: 'cagnet-patch',
  summary: 'context-aware feature generation, patch-wise (Gu et al. 2022)',
  settings: cagnetPatchSettings,
  check: (config) => [...checkTrunkSettings(config), ...checkJointOptimizer(config), ...checkSelfTraining(config)],
  pipeline: (config) => {
    const patches = patchesStage(config);
    return generativePipeline(patchMethod(config, patches), { patches });
  },
  predictors: (config) => generativePredictors(patchMethod(config, patchesStage(config))),
  protocol: generativeProtocol,
});

/** CaGNet with heads that see patches, and steps on synthetic features of the patches that a stage has left. */
function patchMethod(config: CagnetPatchConfig, patches: ReturnType<typeof patchesStage>): GenerativeMethod<Cagnet> {
  const { profile } = config;
  const { size, latent } = config.patches;
  const pixelWise = cagnetMethod(config, size);
  return {
    ...pixelWise,
    blocks: { ...pixelWise.blocks, patches: config.patches },
    patches: {
      async steps(stage, { engine, folder }, { model, trunk, vectors }, optimizers) {
        const { heads: classifier } = model;
        const { draws, transfer } = config[stage]!;
        if (!(classifier instanceof PatchHeads)) throw new TypeError('patches need heads that see them');
        const files = patches.makes.open(folder)[stage];
        const sets = await Promise.all(files.map((file) => readPatchFile(file, vectors.classes)));
        const networks = { ...syntheticOptions(model, profile), classifier, vectors };
        const sizes = { draws, size, sharedLatent: latent === 'shared', latent: trunk.channels };
        return new PatchSteps(engine, { ...networks, ...sizes, transfer, sets }, optimizers);
      },
    },
  };
}
