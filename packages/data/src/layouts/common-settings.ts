import { givenName } from '@unseen/formats';
import { z } from 'zod';
import { prepareSettings } from '../prepare/settings.ts';

const color = z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]);
/** A class by its name or its id. */
export const classReference = z.union([z.string(), z.int()]);

/** Settings of every layout. */
export const commonSettings = {
  name: givenName(),
  description: z.string().default(''),
  source: z.string().optional(),
  license: z.string().optional(),
  root: z.string().default('.'),
  ignore: z.array(z.int().min(0).max(0xffff)).default([]),
  map: z.record(z.string().regex(/^(0|[1-9]\d{0,4})$/, 'expected a whole number'), classReference).optional(),
  optionalMasks: z.boolean().default(false),
  palette: z.enum(['voc', 'generated']).default('generated'),
  classes: z
    .array(
      z.strictObject({
        id: z.int().min(0).max(0xfffe),
        name: givenName(),
        color: color.optional(),
        wordRow: z.int().min(0).optional(),
      }),
    )
    .min(1),
  splits: z
    .record(
      givenName(),
      z.strictObject({
        source: z.string().optional(),
        seen: z.array(classReference).min(1),
        unseen: z.array(classReference).default([]),
      }),
    )
    .default({}),
  prepare: prepareSettings,
};

/** The settings that every layout has. */
export type CommonSettings = z.output<z.ZodObject<typeof commonSettings>> & { readonly layout: string };

/** A path for each subset. */
export const subsetPaths = z.strictObject({ train: z.string(), val: z.string() });

/** How the lines of lists name images: by their ids, or by paths of which the last components do. */
export const listSettings = z
  .strictObject({
    entries: z.enum(['ids', 'paths']).default('ids'),
    components: z.int().min(1).default(1),
  })
  .default({ entries: 'ids', components: 1 });

/**
 * Where image labels come from: `masks`, the `xml` annotations of VOC, or a JSON file of class names or ids by image id.
 * `names` maps names in the XML to classes, or to null to skip them; with `difficult: false`, objects marked as difficult
 * do not count; the classes of `except` are left out.
 */
export const imageLabelSettings = z
  .union([
    z.string().transform((from) => ({ from, difficult: true, names: {} as Record<string, string | null>, except: [] })),
    z.strictObject({
      from: z.string(),
      difficult: z.boolean().default(true),
      names: z.record(z.string(), z.string().nullable()).default({}),
      except: z.array(classReference).default([]),
    }),
  ])
  .optional();

/** Settings of every layout that says where image labels come from. */
export type ImageLabelSettings = NonNullable<z.output<typeof imageLabelSettings>>;
