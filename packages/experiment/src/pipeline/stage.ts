import type { SeedTree } from '@unseen/core';
import type { Module } from '@unseen/nn';
import type { Engine, Program } from '@unseen/tensor';
import type { RunFolder } from '../folder.ts';
import type { StageLog } from '../log.ts';
import type { StageProgress } from '../progress.ts';
import type { Artifact } from './artifacts.ts';
import type { Shard } from './shard.ts';

/** What a stage works with besides its settings and its inputs. */
export interface StageContext {
  readonly folder: RunFolder;
  /** The run's own folder for this stage's checkpoints. It is empty when {@link resume} is false. */
  readonly checkpoints: string;
  /** Identifies the stage's settings and everything that they rest on. */
  readonly hash: string;
  /** Root of the run's seeds, the same in every stage. */
  readonly seeds: SeedTree;
  readonly engine: Engine;
  readonly log: StageLog;
  readonly progress: StageProgress;
  /** True when an earlier process began this stage under the same settings: continue from its checkpoint. */
  readonly resume: boolean;
  /** Only this part of the images, for stages that work image by image. */
  readonly shard?: Shard;
  /** Aborted when the user interrupts the run: the stage then saves what it has and throws (`throwIfAborted`). */
  readonly signal: AbortSignal;
  /** Has a file closed when a training stage ends, also where building its networks fails. Closing twice must do no harm. */
  readonly atEnd?: (close: () => Promise<void>) => void;
}

/** What networks are built with. In a dry run (`planned`) only sizes are known: there are no data and no run folder. */
export type BuildContext = Pick<StageContext, 'seeds' | 'engine' | 'atEnd'> &
  (({ readonly planned?: false } & Pick<StageContext, 'folder'>) | { readonly planned: true });

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
export interface Stage<T = unknown> {
  readonly name: string;
  /**
   * Settings that its results depend on besides `method`, `profile`, `seed` and `backend`: exactly these are hashed, so
   * that another value of one of them, and nothing else, makes the stage run again.
   */
  readonly settings: unknown;
  /** Stages whose artifacts it reads. It runs again when one of them does. */
  readonly needs: Needs;
  /** What it leaves behind. */
  readonly makes: Artifact<T>;
  /** Whether it works image by image, so that several processes can share the images. Default false. */
  readonly sharded?: boolean;
  run(context: StageContext): Promise<void>;
  /** What a dry run reports; absent if the stage trains nothing. */
  plan?(context: BuildContext): Promise<PlannedStage | undefined>;
}

/** Stages by the name under which another one reads their artifacts. */
export type Needs = Readonly<Record<string, Stage>>;

/** The artifacts of {@link Needs}, opened. */
export type Inputs<N extends Needs> = { readonly [K in keyof N]: N[K] extends Stage<infer T> ? T : never };

/** Options of {@link defineStage}: a stage that is handed its inputs. */
export interface StageOptions<N extends Needs, T> extends Omit<Stage<T>, 'needs' | 'run'> {
  readonly needs?: N;
  run(context: StageContext, inputs: Inputs<N>): Promise<void>;
}

/**
 * Makes a stage; `run` gets the artifacts of the stages that it needs, ready to be read.
 *
 * @example
 * const count = defineStage({
 *   name: 'count',
 *   settings: { data },
 *   makes: jsonFile<number>('count.json'),
 *   run: async ({ folder }) => jsonFile<number>('count.json').open(folder).write(42),
 * });
 */
export function defineStage<const N extends Needs, T>({ needs, run, ...stage }: StageOptions<N, T>): Stage<T> {
  const all = needs ?? ({} as N);
  return { ...stage, needs: all, run: (context) => run(context, openInputs(all, context.folder)) };
}

/** Opens the artifacts of stages. */
export function openInputs<N extends Needs>(needs: N, folder: Pick<RunFolder, 'file'>): Inputs<N> {
  return Object.fromEntries(Object.entries(needs).map(([name, { makes }]) => [name, makes.open(folder)])) as Inputs<N>;
}
