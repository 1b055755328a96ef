import type { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import type { MakeLayoutWriter } from '../export/layout-writer.ts';
import type { Subset, SubsetListing } from './listing.ts';

/** What files have at the end of their names before the type, besides the id of their image. */
export interface FileEndings {
  readonly image: string;
  readonly mask: string;
}

/** An arrangement of files that datasets are read from and written in. */
export interface Layout<S extends z.ZodType = z.ZodType> {
  /** What a dataset YAML may say with this layout. */
  readonly schema: S;
  /** Lists one subset of a dataset. */
  list(file: DatasetFile, settings: z.output<S>, subset: Subset): Promise<SubsetListing>;
  /** How names of files end; by default in the id itself. */
  endings?(settings: z.output<S>): FileEndings;
  readonly write: MakeLayoutWriter;
}
