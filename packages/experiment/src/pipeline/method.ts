import type { InstanceSet, RgbImage, SegmentationModel } from '@unseen/core';
import type { Engine, Program } from '@unseen/tensor';
import type { Normalization } from '@unseen/vision';
import { z } from 'zod';
import type { BackboneChoice, LoadedBackbone } from '../backbone.ts';
import { type ClassProtocol, type DatasetProtocol, openAllClasses } from '../classes.ts';
import { baseSchema, type ExperimentConfig } from '../config/schema.ts';
import type { Stage } from './stage.ts';

/** What a method predicts, which decides how it is evaluated. */
export type Task = 'zero-shot' | 'semantic' | 'instances' | 'detection' | 'none';

/** A mistake in the settings of an experiment. */
export interface SettingProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** What a predictor is opened with. */
export interface ModelContext {
  readonly engine: Engine;
  /** A path inside the run folder. */
  file(...parts: string[]): string;
  /** A backbone with its weights, loaded once. */
  backbone(settings: BackboneChoice): Promise<LoadedBackbone>;
}

/** A trained model that scores the classes of each position; images of any size are warped to its input. */
export interface ScorePredictor extends SegmentationModel {
  readonly output: 'scores';
  /** Of its logits, [height, width]. */
  readonly grid: readonly [number, number];
  /** What its program does to the pixels first. */
  readonly normalization: Normalization;
  /** {@link logits} of an image whose backbone features [h · w · channels] are stored, where it stands on a frozen backbone. */
  readonly logitsOfFeatures?: (features: Float32Array) => ReturnType<SegmentationModel['logits']>;
  /**
   * The whole model as one program without noise, weights in place: from the input `image` [1, height, width, 3], RGB
   * 0 … 255 at the model's input size, to the output `logits` [1, ...grid, classes].
   */
  program(): Program;
  dispose(): void;
}

/** A trained model that finds objects in images of any size. */
export interface InstancePredictor {
  readonly output: 'instances';
  /** Raw class ids that objects can have. */
  readonly classes: readonly number[];
  detect(image: RgbImage): Promise<InstanceSet>;
  dispose(): void;
}

/** A trained model, opened. */
export type Predictor = ScorePredictor | InstancePredictor;

/** A model of a run that can be opened, in the run's own evaluation and after it. `scale` is relative to the experiment's size. */
export type OpenPredictor<P extends Predictor = Predictor> = (
  context: ModelContext,
  options: { readonly scale: number },
) => Promise<P>;

/** Predictors by name, as the report calls them: baselines first, the method itself last. */
export type Predictors<P extends Predictor = Predictor> = Readonly<Record<string, OpenPredictor<P>>>;

/** Configuration of a method: the base and the method's own blocks. */
export type MethodConfig<S extends z.ZodRawShape> = Omit<ExperimentConfig, keyof S> & z.output<z.ZodObject<S>>;

/** What a dry run tells of an experiment besides its images and stages. */
export interface Overview {
  readonly classes?: { readonly seen: number; readonly unseen: number };
  /** Length of the class vectors; a sentence instead where they are not there. */
  readonly vectors?: number | string;
  readonly backbone?: { readonly name: string; readonly parameters: number; readonly weights: string };
  /** Of the maps that the networks behind the backbone see, [height, width, channels] by scale. */
  readonly maps?: readonly (readonly [number, number, number])[];
  /** Stored features of the training and test images; null where the backbone learns from images, or without images. */
  readonly features?: { readonly bytes: number; readonly flops: number; readonly seconds: number } | null;
}

/** What {@link MethodDefinition.overview} may rest on. */
export interface OverviewContext {
  /** What the machine computes at most, in operations a second. */
  readonly flopsPerSecond: number;
  /** Numbers of images, where they are there. */
  readonly images?: { readonly train: number; readonly val: number } | undefined;
}

/** A method as its own file describes it. */
export interface MethodDefinition<S extends z.ZodRawShape> {
  /** Name in `method:`. */
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  readonly task: Task;
  /** The method's own blocks, beside those of the base schema. A block of the base may be narrowed by naming it again. */
  readonly settings: z.ZodObject<S>;
  /** What is wrong with settings that are each fine by themselves. */
  check?(config: MethodConfig<S>): readonly SettingProblem[];
  /** Its stages; each comes after those that it needs. */
  pipeline(config: MethodConfig<S>): readonly Stage[];
  /** The classes that it tells apart. Default: all of the dataset. */
  classes?(config: MethodConfig<S>): Promise<ClassProtocol>;
  /** What its finished runs predict with; optional for methods that leave no predictor. */
  predictors?(config: MethodConfig<S>): Predictors;
  /** Sentences about its protocol, by subject, for metrics and reports. */
  protocol?(config: MethodConfig<S>, opened: DatasetProtocol): Readonly<Record<string, string>>;
  /** Sentences that reports print in red, such as that a run is a control. */
  warnings?(config: MethodConfig<S>): readonly string[];
  /** What a dry run tells besides images and stages. */
  overview?(config: MethodConfig<S>, context: OverviewContext): Promise<Overview>;
  /** Whether a run can be extended by new classes: the method has stages for the block `extend`. */
  readonly extendable?: boolean;
}

/** A method that experiments can name; its settings have been checked. */
export interface Method extends Required<Omit<MethodDefinition<z.ZodRawShape>, 'settings' | 'check' | 'overview'>> {
  /** Strict schema of a whole experiment file. */
  readonly schema: z.ZodType<z.output<typeof baseSchema>>;
  overview?(config: ExperimentConfig, context: OverviewContext): Promise<Overview>;
}

/** Methods by name, as `method:` in an experiment file calls them. */
export type Methods = Readonly<Record<string, Method>>;

/**
 * Makes a method of its description.
 *
 * @example
 * const count = defineMethod({
 *   name: 'count',
 *   summary: 'counts the images of a dataset',
 *   task: 'none',
 *   settings: z.strictObject({}),
 *   pipeline: (config) => [countImages(config)],
 * });
 */
export function defineMethod<S extends z.ZodRawShape>(definition: MethodDefinition<S>): Method {
  const { name, settings, extendable = false, check } = definition;
  const schema = z
    .strictObject({ ...baseSchema.shape, ...settings.shape, method: z.literal(name) })
    .superRefine((config, { addIssue }) => {
      if ((config as { extend?: unknown }).extend && !extendable) {
        addIssue({
          code: 'custom',
          path: ['extend'],
          message: `the method '${name}' cannot be extended by new classes`,
        });
      }
      for (const { path, message } of check?.(config as unknown as MethodConfig<S>) ?? [])
        addIssue({ code: 'custom', path: [...path], message });
    });
  const { summary, task, pipeline, classes, predictors, protocol, warnings, overview } = definition;
  // The only way to a configuration is loadExperiment, which has checked it against the schema above.
  const typed = (config: unknown) => config as MethodConfig<S>;
  return {
    name,
    summary,
    task,
    extendable,
    schema: schema as unknown as Method['schema'],
    pipeline: (config) => pipeline(typed(config)),
    classes: (config) => (classes ? classes(typed(config)) : openAllClasses(config as unknown as ExperimentConfig)),
    predictors: (config) => predictors?.(typed(config)) ?? {},
    protocol: (config, opened) => protocol?.(typed(config), opened) ?? {},
    warnings: (config) => warnings?.(typed(config)) ?? [],
    ...(overview && { overview: (config, context) => overview(typed(config), context) }),
  };
}
