import { existsSync } from 'node:fs';
import { hashJson, UserError } from '@unseen/core';
import { type LoadedBackbone, loadExperimentBackbone } from '../backbone.ts';
import { stageWeights } from '../pipeline/artifacts.ts';
import type { ModelContext } from '../pipeline/method.ts';

/** What predictors are opened with, in a run and after it: every backbone is loaded once. */
export function modelContext({ engine, file }: Pick<ModelContext, 'engine' | 'file'>): ModelContext {
  const backbones = new Map<string, Promise<LoadedBackbone>>();
  return {
    engine,
    file,
    backbone: (settings) => {
      const { name, weights, tap, outputStride } = settings;
      const key = hashJson({ name, weights, tap, outputStride });
      const loaded = backbones.get(key) ?? loadExperimentBackbone(settings);
      backbones.set(key, loaded);
      return loaded;
    },
  };
}

/** The path of what a stage must have left; a run that has not come so far is a {@link UserError}. */
export function requireStageOutput({ file }: Pick<ModelContext, 'file'>, relative: string, stage: string): string {
  const path = file(relative);
  if (existsSync(path)) return path;
  throw new UserError({
    given: `${file()} has no ${relative}: its stage '${stage}' has not finished`,
    expected: 'a finished run',
    remedy: "finish it with 'unseen run … --resume'",
  });
}

/** The path of the final weights of a stage, which must have finished ({@link requireStageOutput}). */
export function requireWeights(context: Pick<ModelContext, 'file'>, stage: string): string {
  return requireStageOutput(context, stageWeights(stage), stage);
}
