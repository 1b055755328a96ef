import { z } from 'zod';

const color = z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]);
const classReference = z.union([z.string(), z.int()]);

/** Settings of every layout. */
export const commonSettings = {
  name: z.string().min(1),
  description: z.string().default(''),
  source: z.string().optional(),
  license: z.string().optional(),
  root: z.string().default('.'),
  ignore: z.array(z.int().min(0).max(0xffff)).default([]),
  palette: z.enum(['voc', 'generated']).default('generated'),
  classes: z
    .array(
      z.strictObject({
        id: z.int().min(0).max(0xfffe),
        name: z.string().min(1),
        color: color.optional(),
        wordRow: z.int().min(0).optional(),
      }),
    )
    .min(1),
  splits: z
    .record(
      z.string(),
      z.strictObject({
        source: z.string().optional(),
        seen: z.array(classReference).min(1),
        unseen: z.array(classReference).default([]),
      }),
    )
    .default({}),
};

/** A path for each subset. */
export const subsetPaths = z.strictObject({ train: z.string(), val: z.string() });
