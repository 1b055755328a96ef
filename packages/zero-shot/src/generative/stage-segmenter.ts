import { type StageContext, stageWeights, type Trunk } from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import type { Segmenter } from './segmenter.ts';

/** Networks of their own with the weights that a stage of the run has left. */
export async function loadSegmenter<S extends GenerativeSetup>(
  { folder }: StageContext,
  recipe: GenerativeRecipe<S>,
  { input, protocol }: Pick<S, 'input' | 'protocol'>,
  stage: string,
): Promise<{ readonly segmenter: Segmenter; readonly trunk: Trunk }> {
  const trunk = await input.trunk();
  const { seen, unseen } = protocol.split;
  const segmenter = recipe.segmenter({ channels: trunk.channels, seen: seen.length, unseen: unseen.length });
  const modules = { ...segmenter.modules, ...trunk.modules };
  await loadCheckpoint(folder.file(stageWeights(stage)), { modules }, { partial: true });
  return { segmenter, trunk };
}
