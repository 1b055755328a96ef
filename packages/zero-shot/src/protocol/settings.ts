import { type ExperimentConfig, nameOrPath, type TrunkInputSettings, trunkShape } from '@unseen/experiment';
import { z } from 'zod';
import { extensionSchema } from './extension.ts';

/** Blocks that every zero-shot method has: data with a split, backbone and features, class vectors, and an extension. */
export const zeroShotShape = {
  ...trunkShape,
  /** Class vectors: a registered recipe, or the path of a recipe (YAML) or of a stored table (Arrow). */
  embeddings: z.strictObject({
    table: nameOrPath(),
    /**
     * A control that has to fail: `rotate-unseen` gives every unseen class the vector of the next one. What is left of
     * unseen IoU does not come from the meaning of the names.
     */
    control: z.enum(['rotate-unseen']).nullish(),
  }),
  /** Classes by which the run extends another one. */
  extend: extensionSchema.optional(),
};

/** A checked experiment of a zero-shot method, without the method's own blocks. */
export type ZeroShotConfig = Omit<ExperimentConfig, 'data'> & z.output<z.ZodObject<typeof zeroShotShape>>;

/** Settings that all training stages of a zero-shot method depend on: everything but the validation images. */
export interface TrainingSettings extends TrunkInputSettings, Pick<ZeroShotConfig, 'embeddings' | 'extend'> {}

/** Picks {@link TrainingSettings} from an experiment. */
export function trainingSettings({ profile, data, backbone, features, ...rest }: ZeroShotConfig): TrainingSettings {
  const { val: _, allowMissing: __, ...training } = data;
  const { embeddings, extend } = rest;
  return { profile, data: training, backbone, features, embeddings, ...(extend && { extend }) };
}
