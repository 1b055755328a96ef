import { RUN_NAME } from '@unseen/core';
import { z } from 'zod';
import { filePath, nameOrPath } from './schema-paths.ts';

/** What a `backend:` setting may be; `auto` takes what works best on this machine. */
export const BACKENDS = ['auto', 'tensorflow', 'webgpu', 'onnxruntime', 'cpu'] as const;

/** One of {@link BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

/** A whole number above 0. */
export const positiveInteger = () => z.int().positive();

const subset = z.strictObject({
  /** Only the first images; for quick runs. */
  limit: positiveInteger().optional(),
});

/** Which images an experiment works on. */
export const dataSettings = z.strictObject({
  dataset: nameOrPath(),
  root: filePath().optional(),
  train: subset.prefault({}),
  val: subset.prefault({}),
});

/** Settings that every experiment has, whatever its method. Blocks of a method's own stand beside them. */
export const baseSchema = z.strictObject({
  name: z
    .string()
    .regex(RUN_NAME, 'up to 200 letters, digits, dots, dashes and underscores, but not . or ..')
    .optional(),
  method: z.string(),
  profile: z.enum(['default', 'official']).default('default'),
  seed: z.int().nonnegative().default(0),
  backend: z.enum(BACKENDS).default('auto'),
  /** Threads of the backend `onnxruntime`; default: all cores. The same number gives the same bits. */
  threads: positiveInteger().optional(),
  data: dataSettings,
  evaluate: z.strictObject({ resolution: z.enum(['feature', 'warp', 'original']).default('original') }).prefault({}),
  report: z.strictObject({ panels: z.int().nonnegative().default(8) }).prefault({}),
});

/** A resolved configuration: all defaults filled in, all paths absolute. Blocks of a method are typed by the method itself. */
export type ExperimentConfig = Omit<z.output<typeof baseSchema>, 'name'> & { readonly name: string };

/** {@link dataSettings} of methods whose networks see all images at one size. */
export const warpedData = dataSettings.extend({
  /** [height, width] to which images and masks are warped. */
  size: z.tuple([positiveInteger(), positiveInteger()]),
  /** Side of the random crops that a trained backbone learns from; default or null: the size. */
  crop: positiveInteger().nullish(),
});

/** A backbone, and what stands between it and the networks behind it. */
export const backboneSettings = z.strictObject({
  name: z.string(),
  weights: nameOrPath().optional(),
  /** Feature level whose output is taken; default: the last. */
  tap: z.string().optional(),
  outputStride: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16), z.literal(32)]),
  /** Whether it learns with the networks behind it, from images instead of stored features. */
  train: z.boolean().default(false),
  /** Channels of an ASPP of DeepLab v2 behind it, which learns in either case; default or null: none. */
  aspp: positiveInteger().nullish(),
  /** Whether stored features are brought to mean 0 and deviation 1 by channel. */
  standardize: z.boolean().default(true),
});

/** Which features of a frozen backbone are stored, and how. */
export const storedFeatureSettings = z.strictObject({
  /** Scales of the image at which features are stored. */
  scales: z.array(z.number().positive()).min(1).default([1]),
  flip: z.boolean().default(false),
  /** Folder of stores that were made before, by `features extract` or another run, with the same settings. */
  store: filePath().optional(),
  /** Half precision takes half the bytes, with a relative error of at most 2⁻¹¹; default: full. */
  precision: z.enum(['full', 'half']).optional(),
  /** Whether the run's own stores are compressed, without loss. */
  compress: z.boolean().optional(),
});

/** Blocks of methods that work on the features of a backbone: frozen and stored, or learning with the networks behind it. */
export const trunkShape = {
  data: warpedData.extend({
    /** Seen and unseen classes, as the dataset names them. */
    split: z.string().default('default'),
    /** Whether a run may go on when a seen class has no training pixel or an unseen one no test pixel. */
    allowMissing: z.boolean().optional(),
  }),
  backbone: backboneSettings,
  features: storedFeatureSettings.prefault({}),
};

/** Checked {@link trunkShape}. */
export type TrunkSettings = z.output<z.ZodObject<typeof trunkShape>>;
