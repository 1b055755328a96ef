import { z } from 'zod';
import { extensionSchema } from './extension.ts';
import { filePath, nameOrPath } from './schema-paths.ts';

/** What a `backend:` setting may be; `auto` takes what works best on this machine. */
export const BACKENDS = ['auto', 'tensorflow', 'webgpu', 'onnxruntime', 'cpu'] as const;

/** One of {@link BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

const count = () => z.int().positive();

const subset = z.strictObject({
  /** Only the first images; for quick runs. */
  limit: count().optional(),
});

/** Settings that every experiment has, whatever its method. Blocks of a method's own stand beside them. */
export const baseSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
    .optional(),
  method: z.string(),
  profile: z.enum(['default', 'official']).default('default'),
  seed: z.int().nonnegative().default(0),
  backend: z.enum(BACKENDS).default('auto'),
  data: z.strictObject({
    dataset: nameOrPath(),
    root: filePath().optional(),
    split: z.string().default('default'),
    /** [height, width] to which images and masks are warped. */
    size: z.tuple([count(), count()]),
    /** Side of the random crops that a trained backbone learns from; default or null: the size. */
    crop: count().nullish(),
    train: subset.prefault({}),
    val: subset.prefault({}),
    /** Whether a run may go on when a seen class has no training pixel or an unseen one no test pixel. */
    allowMissing: z.boolean().optional(),
  }),
  /** Class vectors: a registered recipe, or the path of a recipe (YAML) or of a stored table (Arrow). */
  embeddings: z.strictObject({
    table: nameOrPath(),
    /**
     * A control that has to fail: `rotate-unseen` gives every unseen class the vector of the next one. What is left of
     * unseen IoU does not come from the meaning of the names.
     */
    control: z.enum(['rotate-unseen']).nullish(),
  }),
  backbone: z.strictObject({
    name: z.string(),
    weights: nameOrPath().optional(),
    /** Stage whose output is taken; default: the last. */
    tap: z.string().optional(),
    outputStride: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16), z.literal(32)]),
    /** Whether it learns with the networks behind it, from images instead of stored features. */
    train: z.boolean().default(false),
    /** Channels of an ASPP of DeepLab v2 behind it, which learns in either case; default or null: none. */
    aspp: count().nullish(),
    /** Whether stored features are brought to mean 0 and deviation 1 by channel. */
    standardize: z.boolean().default(true),
  }),
  features: z
    .strictObject({
      /** Scales of the image at which features are stored. */
      scales: z.array(z.number().positive()).min(1).default([1]),
      flip: z.boolean().default(false),
      /** Folder of stores that were made before, by `features extract` or another run, with the same settings. */
      store: filePath().optional(),
      /** Half precision takes half the bytes, with a relative error of at most 2⁻¹¹; default: full. */
      precision: z.enum(['full', 'half']).optional(),
      /** Whether the run's own stores are compressed, without loss. */
      compress: z.boolean().optional(),
    })
    .prefault({}),
  /** Classes that the run learns from their names, on top of what another run has learnt. */
  extend: extensionSchema.optional(),
  evaluate: z.strictObject({ resolution: z.enum(['feature', 'warp', 'original']).default('original') }).prefault({}),
  report: z.strictObject({ panels: z.int().nonnegative().default(8) }).prefault({}),
});

/** A resolved configuration: all defaults filled in, all paths absolute. Method blocks are typed by the method itself. */
export type ExperimentConfig = Omit<z.output<typeof baseSchema>, 'name'> & { readonly name: string };
