import type { SeedTree, SegmentationModel } from '@unseen/core';
import type { Module } from '@unseen/nn';
import type { Engine, Program } from '@unseen/tensor';
import { z } from 'zod';
import type { LoadedBackbone } from './backbone.ts';
import type { RunFolder } from './folder.ts';
import type { StageLog } from './log.ts';
import type { StageProgress } from './progress.ts';
import { baseSchema, type ExperimentConfig } from './schema.ts';
import type { SettingProblem } from './trunk.ts';
import type { OpenedInput } from './trunk-input.ts';

/** What a stage works with. */
export interface StageContext {
  readonly config: ExperimentConfig;
  readonly folder: RunFolder;
  /** The run's own folder for this stage's checkpoints. It is empty when {@link resume} is false. */
  readonly checkpoints: string;
  /** Root of the run's seeds, the same in every stage. */
  readonly seeds: SeedTree;
  readonly engine: Engine;
  readonly log: StageLog;
  readonly progress: StageProgress;
  /** True when this stage was interrupted in an earlier process, under the same settings: go on from its checkpoint. */
  readonly resume: boolean;
  /** In a dry run: what the networks would learn from, of which only the sizes are known. */
  readonly planned?: OpenedInput;
  /** Aborted when the user interrupts the run: the stage then saves what it has and throws (`throwIfAborted`). */
  readonly signal: AbortSignal;
}

/** A training stage as a dry run sees it. */
export interface PlannedStage {
  readonly stage: string;
  readonly iterations: number;
  /** Everything that it changes. */
  readonly modules: Readonly<Record<string, Module>>;
  /** Its steps on a whole batch, with the share of the iterations that each takes. */
  readonly steps: readonly { readonly program: Program; readonly share: number }[];
}

/** One resumable part of an experiment. Everything that it leaves to later stages is written atomically. */
export interface Stage {
  readonly name: string;
  /**
   * Top-level settings (`data`, `train`, …) that its results depend on besides `method`, `profile`, `seed`, `backend`
   * and the stages before it. Default: all of them except `name` and `report`.
   */
  readonly uses?: readonly string[];
  /** Files in the run folder that later stages rely on; the stage runs again when one of them is gone. */
  readonly outputs?: readonly string[];
  run(context: StageContext): Promise<void>;
}

/** What a model of a finished run is opened with. */
export interface ModelContext {
  readonly config: ExperimentConfig;
  readonly engine: Engine;
  /** A path inside the run folder. */
  file(...parts: string[]): string;
  /** The backbone of the experiment, loaded once. */
  backbone(): Promise<LoadedBackbone>;
}

/** Which model of a run, and how large it sees images. */
export interface ModelChoice {
  /** One of {@link MethodModels.names}. */
  readonly name: string;
  /** Relative to the size to which the experiment warps images. */
  readonly scale: number;
}

/** A model of a run; images of any size are warped to its input. */
export interface RunModel extends SegmentationModel {
  /** Of its logits, [height, width]. */
  readonly grid: readonly [number, number];
  /**
   * The whole model as one program without noise, weights in place: from the input `image` [1, height, width, 3], RGB
   * 0 … 255 at the model's input size, to the output `logits` [1, ...grid, classes].
   */
  program(): Program;
  dispose(): void;
}

/** What the finished runs of a method can segment images with. */
export interface MethodModels {
  /** As the run's report names them: baselines first, the method itself last. */
  readonly names: readonly string[];
  /** What the protocol of their evaluation says differently from `describeProtocol`. */
  readonly protocolText?: Readonly<Record<string, string>>;
  open(context: ModelContext, choice: ModelChoice): Promise<RunModel>;
}

/** Configuration of a method: the base and the method's own blocks. */
export type MethodConfig<S extends z.ZodRawShape> = ExperimentConfig & z.output<z.ZodObject<S>>;

/** A method as a recipe describes it. */
export interface MethodDefinition<S extends z.ZodRawShape> {
  /** Name in `method:`. */
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** The method's own blocks, beside those of the base schema. A block of the base may be narrowed by naming it again. */
  readonly settings: z.ZodObject<S>;
  /** What is wrong with settings that are each fine by themselves. */
  check?(config: MethodConfig<S>): readonly SettingProblem[];
  /** The stages in their order. */
  stages(config: MethodConfig<S>): readonly Stage[];
  /** Left out by methods that make no class maps. */
  models?(config: MethodConfig<S>): MethodModels;
  /** The training stages in their order, for a dry run. */
  plan?(config: MethodConfig<S>, context: StageContext): Promise<readonly PlannedStage[]>;
  /** Whether it has stages for the block `extend`: it can learn classes from their names on top of a run. */
  readonly extendable?: boolean;
}

/** A method that experiments can name. */
export interface Method {
  readonly name: string;
  readonly summary: string;
  /** Strict schema of a whole experiment file. */
  readonly schema: z.ZodType<z.output<typeof baseSchema>>;
  stages(config: ExperimentConfig): readonly Stage[];
  models?(config: ExperimentConfig): MethodModels;
  plan?(config: ExperimentConfig, context: StageContext): Promise<readonly PlannedStage[]>;
  readonly extendable: boolean;
}

/** Methods by name, as `method:` in an experiment file calls them. */
export type Methods = Readonly<Record<string, Method>>;

/** Makes a method of a recipe's description. */
export function defineMethod<S extends z.ZodRawShape>(definition: MethodDefinition<S>): Method {
  const { name, summary, settings, models, plan, extendable = false } = definition;
  const schema = z
    .strictObject({ ...baseSchema.shape, ...settings.shape, method: z.literal(name) })
    .superRefine((config, { addIssue }) => {
      if ((config as { extend?: unknown }).extend && !extendable) {
        addIssue({
          code: 'custom',
          path: ['extend'],
          message: `the method '${name}' cannot learn classes from their names`,
        });
      }
      for (const { path, message } of definition.check?.(config as unknown as MethodConfig<S>) ?? [])
        addIssue({ code: 'custom', path: [...path], message });
    });
  return {
    name,
    summary,
    extendable,
    schema: schema as unknown as Method['schema'],
    // The only way to a configuration is loadExperiment, which has checked it against the schema above.
    stages: (config) => definition.stages(config as MethodConfig<S>),
    ...(models && { models: (config) => models(config as MethodConfig<S>) }),
    ...(plan && { plan: (config, context) => plan(config as MethodConfig<S>, context) }),
  };
}
