import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { type Extension, type Stage, stageWeights } from '@unseen/experiment';
import { loadGrownWeights } from '@unseen/nn';
import { evaluateStage } from './evaluate-stage.ts';
import { finetuneStage } from './finetune-stage.ts';
import type { GenerativeRecipe, GenerativeSetup } from './recipe.ts';

const STAGE = 'extend';

/** The models of a run that learns new classes on top of another: one, that of the extension. */
export function extendedModels({ models }: Pick<GenerativeRecipe<GenerativeSetup>, 'models'>): Record<string, string> {
  const [name] = Object.keys(models).slice(-1);
  return { [`${name}-extended`]: STAGE };
}

/**
 * The stages of such a run behind its features: a fine-tuning on synthetic features that starts from the other run's
 * networks, whose classifier gets an output for each new class, and the evaluation.
 */
export function extensionStages<S extends GenerativeSetup>(base: GenerativeRecipe<S>, extension: Extension): Stage[] {
  const recipe = { ...base, uses: [...base.uses, 'extend'], models: extendedModels(base) };
  const [last] = Object.values(base.models).slice(-1);
  const [stage, uses] = recipe.finetune2 ? [recipe.finetune2, 'finetune2'] : [recipe.finetune, 'finetune'];
  return [
    finetuneStage(recipe, {
      name: STAGE,
      uses,
      stage,
      after: (setup) => loadGrownWeights(learntWeights(extension, last), setup.modules, newOutputs(setup, extension)),
    }),
    evaluateStage(recipe),
  ];
}

/** The weights of the other run, which may be an extension itself. */
function learntWeights({ run }: Extension, last: string): string {
  const found = [STAGE, last].map((stage) => join(run, stageWeights(stage))).find((path) => existsSync(path));
  if (found) return found;
  throw new UserError({
    given: `the run ${run} has no ${stageWeights(last)}: it has not finished, or it is gone`,
    expected: 'a finished run',
    remedy: "go on with it by 'unseen run … --resume'",
  });
}

/** Of the classifier: those of the classes that the other run has not learnt, behind all that it has. */
function newOutputs({ protocol }: GenerativeSetup, { classes, known }: Extension) {
  const all = protocol.split.seen.length + protocol.split.unseen.length;
  const count = classes.length - known;
  return { at: all - count, count };
}
