import type { PlannedStage, StageContext } from '@unseen/experiment';
import type { FinetuneStage, GenerativeRecipe, GenerativeSetup } from './recipe.ts';
import { syntheticStep } from './synthetic-step.ts';

/**
 * The training stages of a generative method, for a dry run: steps on whole maps, which look at all positions. Stages whose
 * synthetic steps cannot be told beforehand are left out.
 */
export async function planStages<S extends GenerativeSetup>(
  recipe: GenerativeRecipe<S>,
  context: StageContext,
): Promise<PlannedStage[]> {
  const setup = await recipe.setUp(context);
  const { modules } = setup;
  const { train, selfTrain, finetune, finetune2 } = recipe;
  const learning = (stage: string, { settings, real }: Pick<typeof train, 'settings' | 'real'>): PlannedStage => ({
    stage,
    modules,
    iterations: settings.iterations,
    steps: [{ program: real(setup).program(undefined), share: 1 }],
  });
  const alternating = (stage: string, { settings, real, ...own }: FinetuneStage<S>): PlannedStage[] => {
    const { draws, transfer, iterations } = settings;
    const { generator, classifier, vectors } = setup;
    const generated = own.syntheticSteps
      ? own.syntheticProgram?.(setup)
      : syntheticStep({ generator, classifier, vectors, draws, transfer, ...own.synthetic(setup) });
    if (!generated) return [];
    const steps = [real(setup).program(undefined), generated].map((program) => ({ program, share: 0.5 }));
    return [{ stage, modules, iterations, steps }];
  };
  return [
    learning('train', train),
    ...alternating('finetune', finetune),
    ...(selfTrain ? [learning('self-train', selfTrain)] : []),
    ...(finetune2 ? alternating('finetune-2', finetune2) : []),
  ];
}
