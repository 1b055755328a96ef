import { isInnerPath } from '@unseen/core';
import { z } from 'zod';

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `expected ${digits} hex digits`);

/** Below a folder: what is named so is unpacked, replaced or removed. */
const inner = () => z.string().refine(isInnerPath, "expected a path below the folder, without '..'");

const archive = z.strictObject({
  /** Name of the file as it is downloaded. */
  file: inner().min(1),
  url: z.url().optional(),
  /** Where an account is needed to download it. */
  login: z.url().optional(),
  bytes: z.int().min(1).optional(),
  md5: hex(32).optional(),
  sha256: hex(64).optional(),
  /** Folder within the archive that the converter works on. */
  inside: inner().default(''),
  /** Where that folder may lie when the archive is unpacked already. Default: `inside`. */
  folders: z.array(inner()).optional(),
  /** Archives within the archive, which are unpacked beside themselves. */
  nested: z.array(inner().min(1)).default([]),
  optional: z.boolean().default(false),
});

const count = z.record(z.string(), z.int().min(1)).default({});

/** Names of the converters. */
export const CONVERTER_NAMES = [
  'voc',
  'voc-sbd',
  'pascal-context',
  'cocostuff',
  'cocostuff10k',
  'cityscapes',
  'coco-panoptic',
  'coco-instances',
] as const;

/** How the files of a dataset are built from the official archives. */
export const prepareSettings = z
  .union([
    z.strictObject({ as: z.string() }),
    z.strictObject({
      converter: z.enum(CONVERTER_NAMES),
      archives: z.record(z.string(), archive),
      /** Images in each list when the archives are whole. */
      expect: count,
      /** By class: its name in the annotation, where that is another. */
      names: z.record(z.string(), z.string()).default({}),
    }),
  ])
  .optional();

/** The `prepare` block of a dataset that has converters of its own. */
export type PrepareSettings = Exclude<NonNullable<z.output<typeof prepareSettings>>, { as: string }>;

/** An official archive or file. */
export type ArchiveSettings = z.output<typeof archive>;
