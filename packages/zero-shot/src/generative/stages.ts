import type { ExperimentConfig, SettingProblem, Stage } from '@unseen/experiment';
import { evaluateStage } from './evaluate-stage.ts';
import { extensionStages } from './extension.ts';
import { finetuneStage } from './finetune-stage.ts';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import { selfTrainStage } from './self-train-stage.ts';
import { trainStage } from './train-stage.ts';

/**
 * The stages of a generative method behind its features: train, finetune, self-train and finetune-2 where asked, evaluate;
 * of a run that extends another: extend, evaluate.
 */
export function generativeStages<S extends GenerativeSetup>(
  recipe: GenerativeRecipe<S>,
  { extend }: Pick<ExperimentConfig, 'extend'>,
): Stage[] {
  if (extend) return extensionStages(recipe, extend);
  const { selfTrain, finetune2 } = recipe;
  return [
    trainStage(recipe),
    ...(recipe.beforeFinetune ?? []),
    finetuneStage(recipe),
    ...(selfTrain ? [selfTrainStage(recipe, selfTrain)] : []),
    ...(finetune2
      ? [finetuneStage(recipe, { name: 'finetune-2', uses: 'finetune2', after: 'self-train', stage: finetune2 })]
      : []),
    evaluateStage(recipe),
  ];
}

/** What a report says of the training of methods that label unlabelled pixels themselves. */
export const SELF_TRAINING_TEXT =
  'transductive: masks show seen classes only, but self-training also sees the unlabelled pixels of the training images, where unseen classes may be, and labels some of them itself; of unseen classes nothing else is used but the vectors of their names. Models without self-training are inductive';

/** Settings of self-training that contradict others, with where they stand. */
export function checkSelfTraining({
  backbone,
  selfTrain,
  finetune2,
}: Pick<ExperimentConfig, 'backbone'> & {
  readonly selfTrain?: { readonly crop?: number | null | undefined } | undefined;
  readonly finetune2?: object | undefined;
}): SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (finetune2 && !selfTrain) {
    problems.push({ path: ['finetune2'], message: 'a second fine-tuning follows self-training: give selfTrain too' });
  }
  if (selfTrain?.crop && !backbone.train) {
    problems.push({ path: ['selfTrain', 'crop'], message: 'there are crops only with backbone.train: true' });
  }
  return problems;
}
